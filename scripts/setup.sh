#!/usr/bin/env bash
# Makes .venv hold exactly what requirements.lock names, and this tree as an editable install.
# Brings what is missing, does nothing when nothing changed. Called by the Makefile's verbs.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly VENV=.venv
readonly STAMP=$VENV/.installed
readonly OLDEST=3.11

say() { printf '%s\n' "$*" >&2; }
stop() { say "setup: $*"; exit 1; }

inputs() { cat requirements.lock pyproject.toml scripts/setup.sh | cksum; } # changed: install again

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() { # the first interpreter that is new enough, by its name
    local name
    for name in python3 python3.13 python3.12 python3.11 python; do
        if command -v "$name" >/dev/null && new_enough "$name"; then command -v "$name"; return; fi
    done
    return 1
}

step() { # step "what" command…: one line for anything that takes a while, its output only on failure
    local what=$1 started=$SECONDS log status=0
    shift
    log=$(mktemp)
    printf '%s … ' "$what" >&2
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -ne 0 ]; then
        say "failed"
        cat "$log" >&2
    else
        say "$((SECONDS - started)) s"
    fi
    rm -f "$log"
    return "$status"
}

bring_venv_module() { # Debian keeps venv and pip for it in a package of its own
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    command -v apt-get >/dev/null ||
        stop "$1 has no venv module. Install it (or uv), then run the same command again."
    [ "$(id -u)" -eq 0 ] ||
        stop "Python's venv module is missing. Type: sudo apt-get install -y python3-venv"
    export DEBIAN_FRONTEND=noninteractive
    step "Reading Debian's package lists" apt-get update -qq ||
        stop "apt-get update failed; see above. Install python3-venv by hand, then try again."
    step "Installing python3-venv" apt-get install -y -qq --no-install-recommends python3-venv ||
        stop "apt-get could not install python3-venv; see above."
}

create_venv() {
    [ -x $VENV/bin/python ] && new_enough $VENV/bin/python && return
    rm -rf $VENV
    if command -v uv >/dev/null; then
        step "Creating $VENV with uv" uv venv --python ">=$OLDEST" $VENV ||
            stop "uv could not create $VENV; see above."
        return
    fi
    local python
    python=$(find_python) ||
        stop "Python $OLDEST or newer is needed and was not found. Install it (or uv), then try again."
    bring_venv_module "$python"
    step "Creating $VENV" "$python" -m venv $VENV || { rm -rf $VENV; stop "no virtual environment; see above."; }
}

install_locked() {
    if command -v uv >/dev/null; then
        export VIRTUAL_ENV=$PWD/$VENV
        uv pip install --require-hashes -r requirements.lock &&
            uv pip install --no-deps --no-build-isolation --editable .
    else
        [ -x $VENV/bin/pip ] || $VENV/bin/python -m ensurepip
        $VENV/bin/python -m pip install --quiet --no-compile --disable-pip-version-check \
            --require-hashes -r requirements.lock &&
            $VENV/bin/python -m pip install --quiet --no-compile --disable-pip-version-check \
                --no-deps --no-build-isolation --editable .
    fi
}

if [ -x $VENV/bin/python ] && [ -f $STAMP ] && [ "$(cat $STAMP)" = "$(inputs)" ]; then
    exit 0
fi
create_venv
rm -f $STAMP
step "Installing what requirements.lock names (about a minute the first time)" install_locked ||
    stop "the installation failed; see above. Nothing outside $VENV was changed."
inputs >$STAMP

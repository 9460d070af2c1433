"""Rules about what OCP does not take, asked for with ``ocp=True``."""

from __future__ import annotations

from functools import partial

from tests.host.rules.conformance.case import APP, FORM, ORDERS, Case

# The app could be used on OCP, were it not written in Python.
OcpCase = partial(Case, base="portable", besides=("OCP-1",), asked={"ocp": True})
ENTRY_POINT = "    entry_point: Hook\n"
RESOLUTION = f"{ENTRY_POINT}    installation_resolution: "
OWN = """\
name: shop_app_orders
display_name: Shop Orders
fields: [{name: id, type: string, display_name: Id, description: I., primary: true}]
"""
CASES = (
    OcpCase(
        "OCP-1",
        APP,
        "runtime: python3.11",
        "runtime: »python3.11",
        "runtime: node22",
        besides=(),
        instead=("RUN-1",),
    ),
    OcpCase("OCP-2", APP, ENTRY_POINT, f"{ENTRY_POINT}    »delivery: direct\n", ENTRY_POINT),
    OcpCase("OCP-2", APP, ENTRY_POINT, f"{ENTRY_POINT}    »access: public\n", ENTRY_POINT),
    OcpCase("OCP-2", APP, "    cron:", "    »timezone: UTC\n    cron:", "    cron:"),
    OcpCase("OCP-2", APP, "    cron:", "    »jitter: 60\n    cron:", "    cron:"),
    OcpCase("OCP-3", APP, '"0 0 */2 * * ?"', '»"*/15 * * * *"', '"0 */15 * * * ?"'),
    OcpCase("OCP-4", APP, "entry_point: Hook", "entry_point: »hook:Hook", "entry_point: Hook"),
    OcpCase("OCP-5", ORDERS, None, f"»{OWN}", None),
    OcpCase(
        "OCP-6",
        APP,
        ENTRY_POINT,
        RESOLUTION + "»{type: GUID}\n",
        RESOLUTION + "{type: GUID, key: a}\n",
    ),
    OcpCase(
        "OCP-7",
        FORM,
        "dataSource: {type: app, function: hook}",
        "options: [{text: None, value: »null}]",
        "options: [{text: None, value: ''}]",
    ),
    OcpCase(
        "OCP-8", FORM, "message: Begin", "flags: »i, message: Begin", "flags: '', message: Begin"
    ),
    OcpCase(
        "OCP-9",
        FORM,
        "message: Begin with tk_.",
        "message: »'Begin with (tk_'",
        "message: 'Begin with (tk_)'",
    ),
)

"""The one way out: what is sent, where it may go, what comes back, what errors tell."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from mooring.adapters import http_client
from mooring.adapters.http_client import HttpClient
from mooring.errors import (
    MooringError,
    OutboundDenied,
    ServiceError,
    ServiceUnavailable,
)
from mooring.sdk.ports import HttpRequest

SECRET = "tok-5e2b77c1d0"

Answering = Callable[..., list[Request]]
ClientFor = Callable[[str], AbstractContextManager[HttpClient]]
RawServer = Callable[..., AbstractContextManager[tuple[str, list[int]]]]


# -- requests and answers


def test_a_request_arrives_as_stated_and_its_answer_comes_back(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    sent = answering(Response(b'{"id": 7}', 201, {"X-Thing": "7"}))
    answer = client.send(
        HttpRequest(
            "PUT",
            httpserver.url_for("/things?from=url"),
            headers={"Api-Key": SECRET},
            params={"page": 2, "tag": ["a", "b c"]},
            body=b'{"name": 1}',
        )
    )
    assert (answer.status, answer.json(), answer.headers["x-thing"]) == (201, {"id": 7}, "7")
    assert sent[0].method == "PUT"
    assert sent[0].query_string == b"from=url&page=2&tag=a&tag=b+c"
    assert sent[0].headers["api-key"] == SECRET
    assert sent[0].headers["user-agent"] == "mooring (shop)"
    assert sent[0].get_data() == b'{"name": 1}'


def test_the_query_of_the_url_stays_without_params(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    sent = answering(Response())
    client.send(HttpRequest("GET", httpserver.url_for("/things?from=url")))
    assert sent[0].query_string == b"from=url"


def test_the_answers_address_holds_no_credentials(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    sent = answering(Response(status=404))
    url = httpserver.url_for("/things").replace("://", f"://me:{SECRET}@")
    answer = client.send(HttpRequest("GET", url))
    assert answer.url == httpserver.url_for("/things")
    assert sent[0].authorization is not None


@pytest.mark.parametrize("status", [204, 304, 400, 401, 404, 422])
def test_what_the_service_decides_is_an_answer(
    answering: Answering, client: HttpClient, httpserver: HTTPServer, status: int
) -> None:
    sent = answering(Response(status=status))
    assert client.send(HttpRequest("GET", httpserver.url_for("/things"))).status == status
    assert len(sent) == 1


def test_a_packed_answer_is_unpacked(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    packed = Response(gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})
    answering(packed)
    assert client.send(HttpRequest("GET", httpserver.url_for("/things"))).body == b"hello"


def test_an_answer_that_does_not_unpack_is_an_error(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    answering(Response(b"not gzip", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ServiceError, match="cannot be unpacked"):
        client.send(HttpRequest("GET", httpserver.url_for("/things")))


def test_an_answer_larger_than_the_limit_is_not_taken_in(
    answering: Answering,
    client: HttpClient,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_client, "MOST_BYTES", 1024 * 1024)
    packed = gzip.compress(bytes(1024 * 1024 + 1))
    sent = answering(Response(packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ServiceError, match=r"larger than 1 MB\. Ask for it in pages"):
        client.send(HttpRequest("GET", httpserver.url_for("/things")))
    assert len(sent) == 1


def test_a_redirect_is_an_answer(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    answering(Response(status=302, headers={"Location": "https://evil.test/"}))
    answer = client.send(HttpRequest("GET", httpserver.url_for("/things")))
    assert (answer.status, answer.headers["location"]) == (302, "https://evil.test/")


def test_no_cookie_is_kept(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    sent = answering(Response(headers={"Set-Cookie": "session=of-one-account; Path=/"}))
    for _ in range(2):
        client.send(HttpRequest("GET", httpserver.url_for("/things")))
    assert "cookie" not in sent[1].headers


def test_the_environments_proxy_is_not_used(
    answering: Answering,
    client: HttpClient,
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    answering(Response(b"straight"))
    assert client.send(HttpRequest("GET", httpserver.url_for("/things"))).body == b"straight"


def test_connections_are_kept_and_shared_by_many_threads(
    client_for: ClientFor, raw_server: RawServer
) -> None:
    def answer_for_ever(peer: socket.socket) -> None:
        while peer.recv(65536):
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with (
        raw_server(answer_for_ever) as (address, connections),
        client_for(address) as client,
    ):
        for _ in range(20):
            client.send(HttpRequest("GET", address))
        assert len(connections) == 1


def test_more_threads_than_connections_wait_for_each_other(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    answering(Response(b"ok"))
    request = HttpRequest("GET", httpserver.url_for("/things"))
    with ThreadPoolExecutor(30) as threads:
        bodies = [a.body for a in threads.map(client.send, [request] * 120)]
    assert bodies == [b"ok"] * 120


# -- where calls may go


@pytest.mark.parametrize(
    "url", ["https://evil.test/x", "http://api.example.org/", "http://127.0.0.1:1/"]
)
def test_an_undeclared_address_is_refused_before_anything_is_sent(
    client: HttpClient, url: str
) -> None:
    with pytest.raises(OutboundDenied):
        client.send(HttpRequest("GET", url))


@pytest.mark.parametrize(
    "url", ["", "things", "//host/x", "ftp://api.example.org/", "https://", "\n"]
)
def test_what_is_no_address_is_refused(client: HttpClient, url: str) -> None:
    with pytest.raises(OutboundDenied, match="Write https://host/path"):
        client.send(HttpRequest("GET", url))


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.org@evil.test/",
        "https://evil.test#@api.example.org/",
        "https://api.example.org%2eevil.test/",
    ],
)
def test_an_address_in_disguise_is_refused(client: HttpClient, url: str) -> None:
    with pytest.raises(OutboundDenied):
        client.send(HttpRequest("GET", url))


def test_a_call_can_be_checked_without_being_made(
    client: HttpClient, httpserver: HTTPServer
) -> None:
    client.check(HttpRequest("PUT", httpserver.url_for("/things")))
    client.check(HttpRequest("PUT", "https://api.example.org/things"))
    for address in ("https://elsewhere.example/x", "nowhere"):
        with pytest.raises(OutboundDenied):
            client.check(HttpRequest("PUT", address))
    assert httpserver.log == []


# -- certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for this machine, signed by nobody else; its key is in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    plain = serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    pem = serialization.Encoding.PEM
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, pkcs8, plain))
    return file


@pytest.fixture
def https_server(certificate: Path) -> Iterator[HTTPServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(ssl_context=context) as server:
        yield server


def test_a_certificate_of_the_systems_own_is_trusted(
    answering: Answering,
    client_for: ClientFor,
    https_server: HTTPServer,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    answering(Response(b"private"), server=https_server)
    with client_for(https_server.url_for("/")) as client:
        assert client.send(HttpRequest("GET", https_server.url_for("/things"))).body == b"private"


def test_a_certificate_of_nobody_known_ends_the_call_at_once(
    client_for: ClientFor, https_server: HTTPServer
) -> None:
    started = time.monotonic()
    with (
        client_for(https_server.url_for("/")) as client,
        pytest.raises(ServiceUnavailable, match=r"certificate of .* is not trusted here\. Check"),
    ):
        client.send(HttpRequest("GET", https_server.url_for("/things"), attempts=9))
    assert time.monotonic() - started < 15, "without any of eight more attempts"


# -- what errors tell


@pytest.mark.usefixtures("impatient")
def test_no_error_repeats_a_query_a_credential_or_a_header(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    answering(Response(status=503))
    urls = [
        httpserver.url_for(f"/things?key={SECRET}"),
        httpserver.url_for("/things").replace("://", f"://me:{SECRET}@"),
        f"https://me:{SECRET}@evil.test/{SECRET}?key={SECRET}",
        f"no address {SECRET}",
    ]
    for url in urls:
        with pytest.raises(MooringError) as raised:
            client.send(
                HttpRequest(
                    "GET",
                    url,
                    headers={"api-key": SECRET},
                    params={"token": SECRET},
                    attempts=2,
                )
            )
        assert SECRET not in f"{raised.value!r} {raised.value} {raised.value.where}"


def test_a_header_that_cannot_be_sent_is_not_quoted(
    client: HttpClient, httpserver: HTTPServer
) -> None:
    request = HttpRequest("GET", httpserver.url_for("/things"), headers={"api-key": f"{SECRET}\n"})
    with pytest.raises(ServiceError, match="header that HTTP does not allow") as raised:
        client.send(request)
    assert SECRET not in repr(raised.getrepr(style="long"))


def test_retries_print_nothing(
    answering: Answering,
    client: HttpClient,
    httpserver: HTTPServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answering(Response(status=500), Response(b"ok"))
    client.send(HttpRequest("GET", httpserver.url_for("/things")))
    assert capsys.readouterr() == ("", "")


def test_the_client_opens_again_after_it_was_closed(
    answering: Answering, client: HttpClient, httpserver: HTTPServer
) -> None:
    answering(Response(b"ok"))
    for _ in range(2):
        assert client.send(HttpRequest("GET", httpserver.url_for("/things"))).body == b"ok"
        client.close()

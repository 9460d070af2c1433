"""Which Python library does the work of an npm package? What to look at, never a promise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# The counterpart: a distribution's name, or a sentence about what is there already.
DISTRIBUTIONS = {
    "@aws-sdk/client-s3": "boto3",
    "@google-cloud/bigquery": "google-cloud-bigquery",
    "@google-cloud/pubsub": "google-cloud-pubsub",
    "@google-cloud/storage": "google-cloud-storage",
    "@hubspot/api-client": "hubspot-api-client",
    "@optimizely/optimizely-sdk": "optimizely-sdk",
    "@sendgrid/mail": "sendgrid",
    "@shopify/shopify-api": "ShopifyAPI",
    "@slack/web-api": "slack_sdk",
    "ajv": "jsonschema",
    "aws-sdk": "boto3",
    "cheerio": "beautifulsoup4",
    "exceljs": "openpyxl",
    "fast-xml-parser": "defusedxml",
    "google-auth-library": "google-auth",
    "googleapis": "google-api-python-client",
    "graphql-request": "gql",
    "handlebars": "pybars3",
    "ioredis": "redis",
    "joi": "msgspec",
    "jose": "PyJWT",
    "js-yaml": "PyYAML",
    "jsforce": "simple-salesforce",
    "jsonpath": "jsonpath-ng",
    "jsonpath-plus": "jsonpath-ng",
    "jsonwebtoken": "PyJWT",
    "libphonenumber-js": "phonenumbers",
    "liquidjs": "python-liquid",
    "markdown-it": "markdown-it-py",
    "marked": "markdown-it-py",
    "mongodb": "pymongo",
    "mustache": "chevron",
    "mysql2": "PyMySQL",
    "openai": "openai",
    "pg": "psycopg",
    "redis": "redis",
    "semver": "packaging",
    "sharp": "Pillow",
    "shopify-api-node": "ShopifyAPI",
    "ssh2": "paramiko",
    "ssh2-sftp-client": "paramiko",
    "stripe": "stripe",
    "twilio": "twilio",
    "xlsx": "openpyxl",
    "xml2js": "defusedxml",
    "yaml": "PyYAML",
    "yup": "msgspec",
    "zod": "msgspec",
}
OCP_SDK = "@zaiusinc/app-sdk"
HTTP = "mooring.sdk has http, with outbound_domains, retries and budgets"
LIMITS = "mooring.sdk has Budget and Rate, which all processes share"
RETRIES = "mooring.sdk.http repeats what may be repeated, and jobs have retry"
DATES = "the standard library has datetime and zoneinfo"
BUILT_IN = {
    **dict.fromkeys(
        ("axios", "cross-fetch", "got", "isomorphic-fetch", "node-fetch", "superagent", "undici"),
        HTTP,
    ),
    **dict.fromkeys(("bottleneck", "limiter", "p-limit", "p-queue", "p-throttle"), LIMITS),
    **dict.fromkeys(("async-retry", "axios-retry", "p-retry", "retry"), RETRIES),
    **dict.fromkeys(("date-fns", "dayjs", "luxon", "moment", "moment-timezone"), DATES),
    **dict.fromkeys(
        ("csv-parse", "csv-parser", "fast-csv", "papaparse"), "the standard library has csv"
    ),
    **dict.fromkeys(("pino", "winston"), "mooring.sdk has logger"),
    **dict.fromkeys(("he", "html-entities"), "the standard library has html"),
    **dict.fromkeys(("qs", "query-string"), "the standard library has urllib.parse"),
    **dict.fromkeys(
        ("lodash", "ramda", "underscore"), "the standard library has itertools and functools"
    ),
    "@zaiusinc/node-sdk": "mooring.sdk has odp",
    "@optimizely-opal/opal-tool-ocp-sdk": (
        "it has no counterpart: perform has to answer /discovery, /ready and each tool's path"
    ),
    "crypto-js": "the standard library has hashlib and hmac",
    "dotenv": "mooring.sdk has environment",
    "iconv-lite": "Python's codecs are built in",
    "nanoid": "the standard library has secrets",
    "tslib": "Python needs nothing in its place",
    "uuid": "the standard library has uuid",
}
NAME = re.compile(r"(@[a-z0-9._~-]{1,100}/)?[a-z0-9._~-]{1,200}", re.ASCII | re.IGNORECASE)
UNKNOWN = "no counterpart is known here; look for one on PyPI"


@dataclass(frozen=True, slots=True)
class Counterpart:
    """What stands in for an npm package; ``distribution`` is empty where nothing is installed."""

    package: str
    advice: str
    distribution: str = ""


def counterparts(packages: Iterable[str]) -> list[Counterpart]:
    """Find what stands in for each package, by name; for OCP's SDK it is ours."""
    wanted = sorted({*packages} - {OCP_SDK})
    return [_counterpart(package) for package in wanted if NAME.fullmatch(package)]


def _counterpart(package: str) -> Counterpart:
    if package in BUILT_IN:
        return Counterpart(package, f"{BUILT_IN[package]}.")
    distribution = DISTRIBUTIONS.get(package, "")
    if not distribution and package.startswith("@aws-sdk/"):
        distribution = "boto3"
    if distribution:
        return Counterpart(package, f"look at {distribution}.", distribution)
    return Counterpart(package, f"{UNKNOWN}.")

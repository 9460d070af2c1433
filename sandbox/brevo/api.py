"""Which path of Brevo's API leads where, and on which meter it counts."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from sandbox import wire
from sandbox.account.account import Account
from sandbox.brevo import attributes, contacts, imports, lists
from sandbox.brevo.gate import Call, Gate


def account_card(_: Call) -> Response:
    """Answer whose account this is."""
    return wire.json(
        {
            "organization_id": "sandbox-organization",
            "user_id": 1,
            "email": "owner@example.com",
            "firstName": "Sandbox",
            "lastName": "Owner",
            "companyName": "Sandbox Shop",
            "address": {
                "street": "Kade 1",
                "city": "Utrecht",
                "zipCode": "3511",
                "country": "NL",
            },
            "plan": [{"type": "free", "credits": 300, "creditsType": "sendLimit"}],
            "relay": {
                "enabled": False,
                "data": {"userName": "", "relay": "", "port": 0},
            },
        }
    )


def brevo_application(account: Account, base: str) -> Starlette:
    """Build the application that answers below Brevo's base address."""
    gate = Gate(account, base)
    # The meter of the bare /contacts is not documented; here it is the contacts group.
    routes = [
        Route("/account", gate.other(account_card)),
        Route("/processes", gate.other(imports.processes)),
        Route("/processes/{id:int}", gate.other(imports.process)),
        Route("/reports/{id:int}/{name}.csv", gate.other(imports.report)),
        *_attribute_routes(gate),
        *_list_routes(gate),
        *_contact_routes(gate),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: gate.unrouted})


def _attribute_routes(gate: Gate) -> list[Route]:
    base = "/contacts/attributes"
    named, option = f"{base}/{{category}}/{{name}}", "{name}/{option:path}"
    write = gate.contacts
    return [
        Route(base, write(attributes.attributes)),
        Route(named, write(attributes.create, write="attribute.create"), methods=["POST"]),
        Route(named, write(attributes.update, write="attribute.update"), methods=["PUT"]),
        Route(
            named,
            write(attributes.delete, write="attribute.delete"),
            methods=["DELETE"],
        ),
        Route(
            f"{base}/multiple-choice/{option}",
            write(attributes.delete_option, write="attribute.delete_option"),
            methods=["DELETE"],
        ),
    ]


def _list_routes(gate: Gate) -> list[Route]:
    folder, one = "/contacts/folders", "/contacts/lists/{id:int}"
    write = gate.contacts
    return [
        Route(folder, write(lists.folders)),
        Route(folder, write(lists.create_folder, write="folder.create"), methods=["POST"]),
        Route(
            folder + "/{id:int}",
            write(lists.delete_folder, write="folder.delete"),
            methods=["DELETE"],
        ),
        Route(folder + "/{id:int}/lists", write(lists.folder_lists)),
        Route("/contacts/lists", write(lists.lists)),
        Route(
            "/contacts/lists",
            write(lists.create_list, write="list.create"),
            methods=["POST"],
        ),
        Route(one, write(lists.one_list)),
        Route(one, write(lists.update_list, write="list.update"), methods=["PUT"]),
        Route(one, write(lists.delete_list, write="list.delete"), methods=["DELETE"]),
        Route(one + "/contacts", write(lists.members)),
        Route(
            one + "/contacts/add",
            write(lists.add_members, write="list.add"),
            methods=["POST"],
        ),
        Route(
            one + "/contacts/remove",
            write(lists.remove_members, write="list.remove"),
            methods=["POST"],
        ),
    ]


def _contact_routes(gate: Gate) -> list[Route]:
    # `:path`, because clients send identifiers with a slash encoded and raw.
    one = "/contacts/{identifier:path}"
    write = gate.contacts
    return [
        Route("/contacts", write(contacts.contacts)),
        Route("/contacts/segments", write(contacts.segments)),
        Route(
            "/contacts",
            write(contacts.create, write="contact.create"),
            methods=["POST"],
        ),
        Route(
            "/contacts/import",
            write(imports.start, write="contact.import"),
            methods=["POST"],
        ),
        Route(one, write(contacts.one_contact)),
        Route(one, write(contacts.update, write="contact.update"), methods=["PUT"]),
        Route(one, write(contacts.delete, write="contact.delete"), methods=["DELETE"]),
    ]

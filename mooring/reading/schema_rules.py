"""Which documented rule does a fault of a file's shape break?"""

from __future__ import annotations

from mooring.model.problem import Rule

APP_RULES = (
    Rule("MAN-1", "Required properties of the manifest are there."),
    Rule("MAN-2", "The manifest has no properties that it does not know."),
    Rule("MAN-3", "Properties of the manifest have their type and range."),
    Rule("MAN-4", "Properties with a fixed set of values have one of them."),
    Rule("MAN-5", "`schema` is a name or {entry_point}; `targeting` is `dynamic` or a list."),
    Rule("MAN-6", "`parameters` is a mapping, without lists directly inside lists."),
    Rule("MAN-7", "The manifest is a mapping."),
    Rule("META-1", "`meta.app_id`: 3–32 lower-case letters, digits, underscores; letter first."),
    Rule("META-2", "`meta.version` is major.minor.patch, with -dev, -beta or -private."),
    Rule("META-3", "`meta.vendor` is lower snake case."),
    Rule("META-6", "`meta.display_name` is not blank."),
    Rule("META-7", "`meta.summary` is not blank."),
    Rule("META-8", "`meta.categories` has one or two entries."),
    Rule("META-10", "`meta.availability` names at least one zone."),
    Rule("ENV-1", "Names in `environment` are APP_ENV_ and capitals, digits, underscores."),
)
FORM_RULES = (
    Rule("FRM-1", "Required attributes of a form are there."),
    Rule("FRM-2", "A form has no attributes that it does not know."),
    Rule("FRM-3", "Attributes of a form have their type."),
    Rule("FRM-4", "Attributes with a fixed set of values have one of them."),
    Rule("FRM-5", "A form has no sections of type `zed` (OCP's message editor)."),
)
SCHEMA_FILE_RULES = (
    Rule("SCH-1", "A schema file has the shape that the platform knows."),
    Rule("SCH-4", "Names in a schema: 2–62 lower-case letters, digits, underscores; letter first."),
    Rule("SCH-9", "Fields have a display name and a description."),
    Rule("SCH-15", "Relations have a display name."),
    Rule("SCH-16", "Relations join at least one pair of fields."),
)
DATA_SYNC_RULES = (
    Rule("DSC-1", "A data sync's schema file has the shape that the platform knows."),
    Rule("DSC-3", "A data sync's object is named as schema objects are."),
    Rule("DSC-4", "A data sync's object has a display name."),
    Rule("DSC-6", "Fields have a name as schema fields do, a display name and a description."),
    Rule("DSC-7", "Custom types have a name as fields do, a display name and a description."),
)

RULES = (*APP_RULES, *FORM_RULES, *SCHEMA_FILE_RULES, *DATA_SYNC_RULES)

# The rule of a JSON Schema keyword where the schema names none itself.
STRUCTURE_RULES = {
    "app": {
        "root": "MAN-7",
        "required": "MAN-1",
        "additionalProperties": "MAN-2",
        "enum": "MAN-4",
        "const": "MAN-4",
        "other": "MAN-3",
    },
    "form": {
        "required": "FRM-1",
        "dependentRequired": "FRM-1",
        "additionalProperties": "FRM-2",
        "enum": "FRM-4",
        "const": "FRM-4",
        "other": "FRM-3",
    },
    "schema": {"other": "SCH-1"},
    "data_sync": {"other": "DSC-1"},
}


def rule_for(kind: str, keyword: str, *, at_root: bool, named: str | None) -> Rule:
    """Return the rule that a keyword stands for in a kind of file; ``named`` by the schema wins."""
    by_keyword = STRUCTURE_RULES[kind]
    if at_root and keyword == "type":
        keyword = "root"
    wanted = named or by_keyword.get(keyword, by_keyword["other"])
    return next(rule for rule in RULES if rule.id == wanted)

"""Hooks of schemathesis: whose token a request carries, which cases get a scenario, and a line for the report of every answer."""

import collections
import json
import os
import re
import secrets
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(__file__))

import schemathesis
from scenarios import SCENARIOS
from world import World

# These end the session that asks, or take its place away, so they never get the one that all other requests need.
ENDING = {"logout", "logout_everywhere", "end_session", "switch_role", "change_password", "leave_place"}
MOST = 10  # scenarios of an operation: for every positive case until one succeeds, then for every second

WAITS = {str(seconds) for seconds in range(2, 26)}  # nothing comes of waiting for what nobody does

world = World(os.environ["FUZZ_AUDIENCE"])
record = open(os.environ["FUZZ_RECORD"], "a", encoding="utf-8")
seen, helped, succeeded = collections.Counter(), collections.Counter(), set()


def note(case, **line):
    record.write(json.dumps({"operation": case.operation.label, **line}, ensure_ascii=False) + "\n")
    record.flush()


def operation_id(case):
    return case.operation.definition.raw["operationId"]


@schemathesis.auth(refresh_interval=None)
class MainToken:
    def get(self, case, context):
        return world.main.bearer()

    def set(self, case, bearer, context):
        case.headers["Authorization"] = bearer


@schemathesis.hook
def before_call(context, case, kwargs):
    if str((case.query or {}).get("wait", "")) in WAITS:
        case.query["wait"] = 1
    operation = operation_id(case)
    if case.headers.get("Authorization") != f"Bearer {world.main.access}":
        return  # it asks what happens without a token, or with a bad one
    try:
        if operation in ENDING:
            del case.headers["Authorization"]
            case.headers["Authorization"] = world.spare().bearer()
        if operation in SCENARIOS and case.meta.generation.mode.is_positive:
            seen[operation] += 1
            if operation not in succeeded or (seen[operation] % 2 and helped[operation] < MOST):
                helped[operation] += 1
                play(case, SCENARIOS[operation](world))
    except Exception as error:  # the case goes out as it is, and the report says so
        note(case, precondition=repr(error), status=getattr(error, "status", 0))
        world.kept.clear()


def play(case, scene):
    """Puts into a case what a scenario names, and the version of what it is aimed at."""
    by = scene.pop("by", None)
    if by:
        case.headers["Authorization"] = by.bearer()
    if "body" in scene:
        case.body = {key: case.body[key] if value is ... else value for key, value in scene.pop("body").items()}
    case.query = scene.pop("query", case.query)
    case.path_parameters.update(scene)
    if "If-Match" in case.headers:
        resource = re.match(r"/v1/admin/[a-z-]+/", case.operation.path)[0] + scene["id"]
        case.headers["If-Match"] = world.send("GET", resource, by=by or world.leader)[1]
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = secrets.token_hex(8)


@schemathesis.hook
def after_call(context, case, response):
    note(case, method=response.request.method, status=response.status_code, mode=case.meta.generation.mode.value)
    if response.status_code < 300:
        succeeded.add(operation_id(case))
        if operation_id(case) in ENDING:
            world.kept.pop("spare", None)


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Filters none: this is where each failure passes by with its case."""
    curl = re.sub("Bearer [^']+", "Bearer TOKEN", case.as_curl_command())
    path = urllib.parse.urlsplit(response.request.url).path
    note(case, failure=failure.title, message=failure.message, method=response.request.method, path=path,
         status=response.status_code, curl=curl)
    return True

"""What schemathesis got for answers, counted from its NDJSON report, apart from its own verdict."""

import json
from collections import Counter, defaultdict


# Answers that have no end; the clients of tests/live read them.
ENDLESS = {"streamMessages"}


class Unseen(Exception):
    """What the answers lack, although schemathesis is content."""


def answers(report):
    """Method, path of the document, and status of every answer."""
    with report.open() as lines:
        for line in lines:
            finished = json.loads(line).get("ScenarioFinished")
            recorder = (finished or {}).get("recorder", {})
            for case, interaction in recorder.get("interactions", {}).items():
                request = recorder["cases"][case]["value"]
                yield request["method"], request["path"], (interaction.get("response") or {}).get("status_code")


def summary(report, document):
    """A line of numbers. It fails on answers that nobody may get, and on operations that never did their work."""
    statuses = defaultdict(Counter)
    for method, path, status in answers(report):
        statuses[method, path][status] += 1
    wrong, operations = [], 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] in ENDLESS:
                continue
            operations += 1
            got = statuses.pop((method.upper(), path), Counter())
            allowed = {int(status) for status in operation["responses"]}
            wrong += [f"{method.upper()} {path}: {status}, {n} times" for status, n in got.items() if status not in allowed]
            wrong += [f"{method.upper()} {path}: {status}, {n} times" for status, n in got.items() if (status or 500) >= 500]
            if not any(200 <= (status or 0) < 300 for status in got):
                wrong.append(f"{method.upper()} {path}: never a success, only {dict(got)}")
    # What is left are methods that the document does not have.
    others = sum(statuses.values(), Counter())
    wrong += [f"{method} {path}: {dict(got)}" for (method, path), got in statuses.items() if set(got) != {405}]
    if wrong:
        raise Unseen("\n".join(wrong))
    return f"{operations} operations, each with a success; {others[405]} times 405 for methods that are not there"

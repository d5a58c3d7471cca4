"""The verdict over what the hooks wrote down: report.py FOLDER DOCUMENTS SECONDS [FILE]"""

import collections
import json
import pathlib
import sys

AUDIENCES = ["member", "merchant", "lawyer", "recruiter", "admin", "partner"]


def read(folder, documents, audience):
    """What one document's run came to."""
    document = json.loads((documents / f"{audience}.json").read_text(encoding="utf-8"))
    operations = {f"{method.upper()} {path}": collections.Counter() for path, item in document["paths"].items() for method in item}
    cases, violations, preconditions = collections.Counter(), {}, []
    record = folder / f"{audience}.jsonl"
    for line in map(json.loads, record.open(encoding="utf-8") if record.exists() else []):
        if "failure" in line:
            line["message"] = line["message"].split("\n\n")[0].removeprefix(f"{line['method']} ")
            kind = (line["operation"], line["failure"], line["message"])
            violations.setdefault(kind, {**line, "times": 0})["times"] += 1
        elif "precondition" in line:
            preconditions.append(line)
            if line["status"] >= 500:
                violations[len(violations)] = {**line, "failure": "Server error", "message": "in a precondition", "times": 1}
        else:
            cases[line["mode"]] += 1
            # Other methods are sent to a path, too, to see them refused.
            if line["method"] == line["operation"].split()[0]:
                operations[line["operation"]][line["status"]] += 1
    return {
        "cases": cases.total(),
        "positive": cases["positive"],
        "negative": cases["negative"],
        "operations": {name: {str(status): n for status, n in sorted(statuses.items())} for name, statuses in operations.items()},
        "successes": {name: sum(n for status, n in statuses.items() if 200 <= status < 300) for name, statuses in operations.items()},
        "violations": list(violations.values()),
        "failed_preconditions": preconditions,
        "errors": trouble(folder / f"{audience}.summary.json", violations),
    }


def trouble(summary, violations):
    """What kept schemathesis from judging."""
    if not summary.exists():
        return ["schemathesis did not run to its end"]
    summary = json.loads(summary.read_text(encoding="utf-8"))
    errors = [f"{error['title']} ({error['count']})" for error in summary["errors"]]
    if not summary["complete"]:
        errors.append(f"stopped: {summary['stop_reason']}")
    if summary["failures"] and not violations:
        errors.append("schemathesis saw failures that were not written down")
    return errors


def show(audience, run):
    for error in run["errors"]:
        print(f"\n{audience}: {error}")
    for name, successes in run["successes"].items():
        if not successes:
            print(f"\n{audience}: {name} never succeeded: {run['operations'][name]}")
    for found in run["violations"]:
        where = f"{found.get('method', '')} {found.get('path', '')}".strip() or found["operation"]
        print(f"\n{audience}: {where} answered {found['status']}: {found['failure']} ({found['times']} times)")
        print("    " + found["message"].replace("\n", "\n    "))
        print("    " + found.get("curl", found.get("precondition", "")))
    failed = collections.Counter(line["operation"] for line in run["failed_preconditions"])
    for name, n in failed.items():
        print(f"\n{audience}: {name}: {n} preconditions could not be made")


def main(folder, documents, seconds, file=None):
    runs = {audience: read(pathlib.Path(folder), pathlib.Path(documents), audience) for audience in AUDIENCES}
    for audience, run in runs.items():
        show(audience, run)
    row = "{:<10}{:>8}{:>10}{:>10}{:>12}{:>11}{:>12}"
    print("\n" + row.format("document", "cases", "positive", "negative", "operations", "least 2xx", "violations"))
    for audience, run in runs.items():
        least = min(run["successes"].values())
        print(row.format(audience, run["cases"], run["positive"], run["negative"], len(run["operations"]), least, len(run["violations"])))
    cases = sum(run["cases"] for run in runs.values())
    passed = all(not run["violations"] and not run["errors"] and all(run["successes"].values()) for run in runs.values())
    print(f"{cases} cases in {seconds} s: {'passed' if passed else 'FAILED'}")
    if file:
        report = {"passed": passed, "cases": cases, "seconds": int(seconds), "documents": runs}
        pathlib.Path(file).write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if passed else 1


sys.exit(main(*sys.argv[1:]))

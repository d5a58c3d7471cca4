"""What operations of legal help need: firms, lawyers, shifts and questions, made through the public API alone."""

import datetime
import secrets

from world import COUNTY, PASSWORD, PASSWORD_LOGIN, Session, mobile, statement, uscc, username


def key():
    return secrets.token_hex(8)


def firm_terms():
    return {"name": "河南正义律师事务所", "licence_no": f"L{mobile()}", "licence_until": "2099-12-31"}


def firm(world):
    return world.keep("firm", lambda: world.call("POST", "/v1/admin/firms", firm_terms(), world.leader)["id"])


def engagement(world):
    body = {"kind": "person", "name": "钱大友", "role": "诉讼代理", "from_date": "2026-01-01"}
    return world.call("POST", f"/v1/admin/firms/{firm(world)}/engagements", body, world.leader)["id"]


def lawyer_terms(world):
    terms = {"firm_id": firm(world), "practice_no": f"P{mobile()}", "licence_until": "2099-12-31", "fields": ["wages"], "division": COUNTY}
    # Not the members' name: a lawyer of a party's name stands behind the wall.
    return {**statement(), "name": "周正义", "mobile": mobile(), "username": username(), "terms": terms}


def invited(world):
    return world.call("POST", "/v1/admin/lawyers", lawyer_terms(world), world.leader)["id"]


def lawyer(world):
    """A lawyer who is logged in."""
    who = lawyer_terms(world)
    made = world.call("POST", "/v1/admin/lawyers", who, world.leader)["id"]
    code = world.code(who["mobile"], "confirm", "lawyer")
    world.call("POST", "/v1/auth/activate", {"realm": "lawyer", "mobile": who["mobile"], "code": code, "password": PASSWORD})
    return {"id": made, "session": Session(world, PASSWORD_LOGIN, realm="lawyer", username=who["username"], password=PASSWORD)}


def advocate(world):
    return world.keep("advocate", lambda: lawyer(world))


def shift_terms(world):
    # Each of another lawyer, so that none overlaps.
    begins = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
    return {"lawyer_id": invited(world), "starts_at": begins.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "ends_at": (begins + datetime.timedelta(hours=8)).isoformat(timespec="milliseconds").replace("+00:00", "Z")}


def shift(world):
    return world.call("POST", "/v1/admin/shifts", shift_terms(world), world.leader)["id"]


def later(days):
    return str(world_day(days))


def world_day(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).date()


def rotation_terms(world):
    # Each of a lawyer of its own, so that none is busy.
    return {"name": "周末值班", "lawyer_ids": [invited(world)], "slots": [{"starts": "22:00", "hours": 10}], "first_day": later(10)}


def rotation(world):
    return world.call("POST", "/v1/admin/rotations", rotation_terms(world), world.leader)["id"]


def planned_days(world):
    shift(world)
    return {"from_date": later(1), "to_date": later(4), "reason": "临时排班"}


def own_shift(world, *, offered=False):
    """A published shift of a lawyer who is logged in, offered or not."""
    who = lawyer(world)
    made = world.call("POST", "/v1/admin/shifts", {**shift_terms(world), "lawyer_id": who["id"]}, world.leader)["id"]
    world.step(f"/v1/admin/shifts/{made}/publish", world.leader)
    offer = world.call("POST", f"/v1/lawyer/shifts/{made}/offer", {}, who["session"])["id"] if offered else None
    return {"by": who["session"], "id": made, "offer": offer}


def leave(world):
    who = lawyer(world)
    days = {"from_date": later(30), "to_date": later(31)}
    return {"by": who["session"], "id": world.call("POST", "/v1/lawyer/leaves", days, who["session"])["id"]}


def without_offer(made):
    return {name: made[name] for name in ("by", "id")}


def words():
    return {"category": "wages", "title": "公司拖欠工资", "question": "公司已三个月没有发工资，该怎么办？"}


def question(world, *steps, given=True):
    """A question of the customer, given to the lawyer or not, and taken further."""
    asker = world.customer()["session"]
    body = {**words(), **({"lawyer_id": advocate(world)["id"]} if given else {})}
    made = world.call("POST", "/v1/me/consultations", body, asker, idempotency_key=key())["id"]
    mine = f"/v1/me/consultations/{made}"
    for step in steps:
        if step == "answer":
            path = f"/v1/lawyer/consultations/{made}/messages"
            world.call("POST", path, {"text": "请保留工资条。"}, advocate(world)["session"], idempotency_key=key())
        elif step == "rate":
            world.call("POST", f"{mine}/rating", {"stars": 1}, asker)
        else:
            world.call("POST", f"{mine}/{step}", {}, asker)
    return made


def own(world, *steps, **more):
    return {"by": world.customer()["session"], "id": question(world, *steps), **more}


def given(world, **more):
    return {"by": advocate(world)["session"], "id": question(world), **more}


def suspended(world):
    target = invited(world)
    world.step(f"/v1/admin/lawyers/{target}/suspend", world.leader, reason="年度考核")
    return {"id": target}


def calendar(world):
    days = ["01-01", "01-25", "01-26", "01-27", "01-28", "04-04", "05-01", "05-02", "05-28", "10-01", "10-02", "10-03", "10-04"]
    days = [{"date": f"2028-{day}", "kind": "statutory"} for day in days]
    return {"by": world.keep("province", lambda: world.cadre("henan.leader")), "body": {"year": 2028, "source": "国务院办公厅通知", "days": days}}


# Nobody waits for news that cannot come.
NOW = {"since": 0}

SCENARIOS = {
    "get_work_calendar": lambda w: {"year": 2026},
    "enter_work_calendar": calendar,
    "create_firm": lambda w: {"body": firm_terms()},
    "get_firm list_engagements": lambda w: {"id": firm(w)},
    "change_firm": lambda w: {"id": firm(w), "body": {"name": "河南公正律师事务所"}},
    "create_engagement": lambda w: {"id": firm(w), "body": {"kind": "person", "name": "钱大友", "role": "诉讼代理", "from_date": "2026-01-01"}},
    "get_engagement": lambda w: {"id": engagement(w)},
    "end_engagement": lambda w: {"id": engagement(w), "body": {"to_date": str(w.today())}},
    "set_company_group": lambda w: {"by": w.keep("province", lambda: w.cadre("henan.leader")), "body": {"uscc": uscc(), "group_uscc": uscc()}},
    "create_lawyer": lambda w: {"body": lawyer_terms(w)},
    "get_lawyer suspend_lawyer": lambda w: {"id": invited(w)},
    "change_lawyer": lambda w: {"id": invited(w), "body": {"intro": "擅长工伤案件"}},
    "resume_lawyer": suspended,
    "plan_shift": lambda w: {"body": shift_terms(w)},
    "get_shift cancel_shift": lambda w: {"id": shift(w)},
    "publish_shift": lambda w: {"id": shift(w), "body": {}},
    "create_rotation": lambda w: {"body": rotation_terms(w)},
    "get_rotation": lambda w: {"id": rotation(w)},
    "change_rotation": lambda w: {"id": rotation(w), "body": {"name": "夜间值班"}},
    "generate_shifts": lambda w: {"id": rotation(w), "body": {"from_date": later(10), "to_date": later(12)}},
    "publish_roster": lambda w: {"body": planned_days(w)},
    "offer_shift": lambda w: {**without_offer(own_shift(w)), "body": {}},
    "withdraw_shift_offer": lambda w: without_offer(own_shift(w, offered=True)),
    "take_offered_shift": lambda w: {"by": lawyer(w)["session"], "id": own_shift(w, offered=True)["offer"]},
    "enter_leave": lambda w: {"by": lawyer(w)["session"], "body": {"from_date": later(30), "to_date": later(31)}},
    "withdraw_leave": leave,
    "read_lawyer_notices list_lawyer_notices list_own_leaves list_shift_offers": lambda w: {"by": advocate(w)["session"]},
    "reassign_shift": lambda w: {"id": shift(w), "body": {"lawyer_id": invited(w), "reason": "原值班律师出庭"}},
    "get_consultation": lambda w: {"id": question(w)},
    "list_consultation_entries": lambda w: {"id": question(w), "query": NOW},
    "assign_consultation": lambda w: {"id": question(w, given=False), "body": {"lawyer_id": advocate(w)["id"]}},
    "record_callback": lambda w: {"id": question(w, "answer", "accept", "rate")},
    "ask_lawyer": lambda w: {"by": w.customer()["session"], "body": words()},
    "get_own_consultation withdraw_consultation": own,
    "list_own_consultation_entries": lambda w: own(w, query=NOW),
    "write_to_lawyer": lambda w: own(w, body={"text": "没有签合同怎么办？"}),
    "accept_answer": lambda w: own(w, "answer"),
    "reopen_consultation": lambda w: own(w, "answer", "accept"),
    "rate_consultation": lambda w: own(w, "answer", "accept", body={"stars": 5}),
    "get_given_consultation recuse_from_consultation": given,
    "list_given_entries": lambda w: given(w, query=NOW),
    "answer_member": lambda w: given(w, body={"text": "请保留工资条。"}),
}

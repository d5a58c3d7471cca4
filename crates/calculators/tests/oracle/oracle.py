"""The calculators a second time, from the rules as they are written down (the law by its articles, rationals, the State
Council's calendar) and not from the first implementation. Reads one request a line, {"calculator", "today", "inputs"}, and
answers its result a line, with the names of the API. Needs the standard library of Python 3.8 alone."""

import datetime
import json
import sys
from fractions import Fraction

DAY = datetime.timedelta(days=1)


def date(text):
    return None if text is None else datetime.date.fromisoformat(text)


def iso(day):
    return None if day is None else day.isoformat()


# ---- numbers: half up, and only where a line ends


def rounded(value):
    return (value + Fraction(1, 2)).__floor__()


def places(value, n):
    whole, part = divmod(rounded(value * 10**n), 10**n)
    return f"{whole}.{part:0{n}}"


# ---- days


def is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def last_of(year, month):
    return [31, 29 if is_leap(year) else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]


def shifted(day, months):
    """The day of the same number, or the month's last."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return datetime.date(year, month, min(day.day, last_of(year, month)))


def span(text):
    """03-04..06 and the like, within a year."""
    year, days = text.split("/")
    for part in days.split():
        first, _, last = part.partition("..")
        month, day = first.split("-")
        for number in range(int(day), int(last or day) + 1):
            yield datetime.date(int(year), int(month), number)


# 13 statutory days a year: 元旦 1, 春节 4, 清明 1, 劳动节 2, 端午 1, 中秋 1, 国庆 3.
STATUTORY = {
    day
    for moving in ("2025/01-28..31 04-04 05-31 10-06", "2026/02-16..19 04-05 06-19 09-25",
                   "2027/02-05..08 04-05 06-09 09-15", "2028/01-25..28 04-04 05-28 10-03")
    for day in span(f"{moving} 01-01 05-01..02 10-01..03")
}
# The arrangements that are published.
OFF = {
    *span("2025/01-01 01-28..31 02-01..04 04-04..06 05-01..05 05-31 06-01..02 10-01..08"),
    *span("2026/01-01..03 02-15..23 04-04..06 05-01..05 06-19..21 09-25..27 10-01..07"),
}
WORKED = {
    *span("2025/01-26 02-08 04-27 09-28 10-11"),
    *span("2026/01-04 02-14 02-28 05-09 09-20 10-10"),
}


def is_workday(day):
    if day in WORKED:
        return True
    return not (day in STATUTORY or day in OFF or day.weekday() >= 5)


def rolled(day):
    while not is_workday(day):
        day += DAY
    return day


PAID_DAYS = Fraction("21.75")
MINIMUM = {2022: (200000, 180000, 160000), 2024: (210000, 200000, 180000)}


def minimum(asked, on):
    if asked.get("minimum_wage_fen") is not None:
        return asked["minimum_wage_fen"]
    year = 2024 if on >= datetime.date(2024, 1, 1) else 2022
    return MINIMUM[year][asked["wage_class"] - 1]


# ---- the calculators


def overtime(asked, today):
    hours = {
        kind: Fraction(asked.get(f"{kind}_hours") or "0") for kind in ("workday", "rest_day", "holiday")
    }
    for entry in asked.get("days", []):
        day = date(entry["date"])
        kind = "holiday" if day in STATUTORY else "workday" if is_workday(day) else "rest_day"
        hours[kind] += Fraction(entry["hours"])
    factors = {
        "standard": {"workday": Fraction(3, 2), "rest_day": 2, "holiday": 3},
        "comprehensive": {"workday": Fraction(3, 2), "rest_day": Fraction(3, 2), "holiday": 3},
        "flexible": {"workday": 0, "rest_day": 0, "holiday": 0},
    }[asked["working_time"]]
    wage = Fraction(asked["monthly_wage_fen"])
    hour = wage / PAID_DAYS / 8
    due = {kind: rounded(hour * hours[kind] * factors[kind]) for kind in hours}
    return {
        "daily_wage_fen": rounded(wage / PAID_DAYS),
        "hourly_wage": places(hour / 100, 4),
        **{f"{kind}_fen": amount for kind, amount in due.items()},
        "total_fen": sum(due.values()),
    }


def severance(asked, today):
    hired, ended = date(asked["hired_on"]), date(asked["ended_on"])
    end = ended + DAY
    years = 0
    while shifted(hired, 12 * (years + 1)) <= end:
        years += 1
    if shifted(hired, 12 * years) == end:
        count = Fraction(years)
    elif shifted(hired, 12 * years + 6) <= end:
        count = Fraction(years + 1)
    else:
        count = years + Fraction(1, 2)
    base = max(asked["average_wage_fen"], minimum(asked, ended))
    capped = base > 3 * asked["local_average_wage_fen"]
    if capped:
        base, count = 3 * asked["local_average_wage_fen"], min(count, Fraction(12))
    whole = count.__floor__()
    n = rounded(base * count)
    last = asked.get("last_month_wage_fen")
    return {
        "months": str(whole) if count == whole else f"{whole}.5",
        "base_fen": base,
        "capped": capped,
        "n_fen": n,
        "n_plus_one_fen": None if last is None else n + last,
        "double_fen": rounded(2 * base * count),
        "needs_review": hired < datetime.date(2008, 1, 1),
    }


def no_contract(asked, today):
    hired, signed, ended = (date(asked.get(name)) for name in ("hired_on", "signed_on", "ended_on"))
    year_on = shifted(hired, 12)
    without = []
    if signed is not None:
        without.append(signed - DAY)
    if ended is not None:
        without.append(ended)
    until = min(without) if without else today
    first, last = shifted(hired, 1), min(until, year_on - DAY)
    months = workdays = 0
    if first <= last:
        while months < 11 and shifted(first, months + 1) - DAY <= last:
            months += 1
        day = shifted(first, months)
        while months < 11 and day <= last:
            workdays += is_workday(day)
            day += DAY
    wage = asked["monthly_wage_fen"]
    return {
        "first_day": iso(first) if first <= last else None,
        "last_day": iso(last) if first <= last else None,
        "months": months,
        "workdays": workdays,
        "extra_fen": rounded(wage * (months + workdays / PAID_DAYS)),
        "open_ended_from": iso(year_on) if until >= year_on else None,
    }


def annual_leave(asked, today):
    joined, left = date(asked.get("joined_on")), date(asked.get("left_on"))
    year = (left or joined or datetime.date(asked.get("year") or today.year, 1, 1)).year
    worked = asked["worked_years"]
    band = 0 if worked < 1 else 1 if worked < 10 else 2 if worked < 20 else 3
    days = 5 * band
    sick = {0: 2, 1: 2, 2: 3, 3: 4}[band]
    if (
        asked.get("worked_twelve_months") is False
        or asked["longer_school_holidays"]
        or asked["paid_personal_days"] >= 20
        or asked["sick_months"] >= sick
    ):
        days = 0
    passed = None
    if left is not None or (joined is not None and joined.year == year):
        first = joined if joined is not None and joined.year == year else datetime.date(year, 1, 1)
        passed = ((left or datetime.date(year, 12, 31)) - first).days + 1
    due = days if passed is None else (Fraction(passed, 365) * days).__floor__()
    unused = max(due - asked["taken_days"], 0)
    daily = None if asked.get("monthly_wage_fen") is None else asked["monthly_wage_fen"] / PAID_DAYS
    return {
        "year": year,
        "entitled_days": days,
        "calendar_days": passed,
        "due_days": due,
        "unused_days": unused,
        "total_fen": None if daily is None else rounded(daily * unused * 3),
        "extra_fen": None if daily is None else rounded(daily * unused * 2),
    }


def work_injury(asked, today):
    local, own = asked["local_average_wage_fen"], asked["own_wage_fen"]
    wage = min(max(Fraction(own), Fraction(60 * local, 100)), Fraction(3 * local))
    grade, months = asked.get("grade"), asked["leave_months"]
    result = dict.fromkeys(
        ["leave_fen", "lump_sum_fen", "allowance_fen", "nursing_fen", "funeral_fen", "dependants_fen", "death_fen"]
    )
    result["wage_fen"] = rounded(wage)
    if months:
        result["leave_fen"] = own * months
    if grade is not None:
        result["lump_sum_fen"] = rounded(wage * [27, 25, 23, 21, 18, 16, 13, 11, 9, 7][grade - 1])
        if grade <= 4 or (grade <= 6 and asked["no_suitable_work"]):
            result["allowance_fen"] = rounded(wage * {1: 90, 2: 85, 3: 80, 4: 75, 5: 70, 6: 60}[grade] / 100)
    if asked.get("nursing"):
        result["nursing_fen"] = rounded(Fraction({"full": 50, "most": 40, "part": 30}[asked["nursing"]] * local, 100))
    if asked["died"]:
        result["funeral_fen"] = 6 * local
        shares = [
            (40 if one["relation"] == "spouse" else 30) + (10 if one["alone"] else 0) for one in asked["dependants"]
        ]
        if shares:
            result["dependants_fen"] = rounded(min(wage * sum(shares) / 100, wage))
        income = asked.get("national_income_fen") or {2024: 5182100, 2025: 5418800}[date(asked["on"]).year]
        result["death_fen"] = 20 * income
    return result


def probation(asked, today):
    starts, ends = date(asked["starts_on"]), date(asked.get("ends_on"))
    if asked["term"] == "task":
        most = 0
    elif asked["term"] == "open_ended" or shifted(starts, 36) <= ends + DAY:
        most = 6
    elif shifted(starts, 12) <= ends + DAY:
        most = 2
    elif shifted(starts, 3) <= ends + DAY:
        most = 1
    else:
        most = 0
    full, paid = asked["full_wage_fen"], asked.get("probation_wage_fen")
    least = rounded(max(Fraction(8 * full, 10), Fraction(minimum(asked, starts))))
    excess = max(asked["served_months"] - most, 0)
    return {
        "max_months": most,
        "last_day": iso(shifted(starts, most) - DAY) if most else None,
        "months_are_lawful": asked["agreed_months"] <= most,
        "least_wage_fen": least,
        "wage_is_lawful": None if paid is None else paid >= least,
        "shortfall_fen": None if paid is None else max(least - paid, 0),
        "excess_months": excess,
        "compensation_fen": full * excess,
    }


def retirement(asked, today):
    age, start, step, cap = {
        "male": (60, 1965 * 12, 4, 36),
        "female_55": (55, 1970 * 12, 4, 36),
        "female_50": (50, 1975 * 12, 2, 60),
    }[asked["kind"]]
    year, month = map(int, asked["born_in"].split("-"))
    born = year * 12 + month - 1
    delay = min(max(-(-(born - start + 1) // step), 0), cap)
    at = born + 12 * age + delay

    def text(index):
        return f"{index // 12:04}-{index % 12 + 1:02}"

    grown = min(max(at // 12 - 2029, 0), 10)
    return {
        "age_years": (12 * age + delay) // 12,
        "age_months": (12 * age + delay) % 12,
        "delay_months": delay,
        "retires_in": text(at),
        "earliest_in": text(max(at - 36, born + 12 * age)),
        "latest_in": text(at + 36),
        "pension_months": 180 + 6 * grown,
    }


def limitation(asked, today):
    on, event = date(asked["on"]), asked["event"]
    periods = {
        "knew_of_breach": [("申请劳动仲裁", None)],
        "mediation_requested": [("未达成调解协议可申请仲裁", 15)],
        "arbitration_filed": [("仲裁委决定是否受理", 5)],
        "arbitration_accepted": [("一般情形作出裁决", 45), ("案情复杂经批准延期作出裁决", 45 + 15)],
        "award_received": [("不服裁决向法院起诉", 15), ("用人单位申请撤销终局裁决", 30)],
        "injured": [("用人单位申请工伤认定", 30), ("职工、近亲属或工会申请工伤认定", None)],
        "injury_filing_accepted": [("事实清楚的作出工伤认定", 15), ("作出工伤认定", 60)],
    }[event]
    extra = 0
    if event == "knew_of_breach":
        extra = asked["suspended_days"]
        if asked["wage_arrears"]:
            if asked.get("employment_ended_on") is None:
                return {"deadlines": []}
            on = date(asked["employment_ended_on"])
        again = date(asked.get("interrupted_on"))
        if again is not None and on < again <= rolled(shifted(on, 12) + extra * DAY):
            on = again
    deadlines = []
    for label, days in periods:
        computed = shifted(on, 12) + extra * DAY if days is None else on + days * DAY
        last = rolled(computed)
        deadlines.append(
            {"label": label, "computed_on": iso(computed), "last_day": iso(last), "passed": today > last}
        )
    return {"deadlines": deadlines}


def dues(asked, today):
    wage, payroll = asked.get("basic_wage_fen"), asked.get("payroll_fen")
    result = dict.fromkeys(["dues_fen", "funds_fen", "kept_fen", "passed_on_fen"])
    if wage is not None:
        result["dues_fen"] = 0 if asked["retained"] else rounded(Fraction(wage // 1000 * 1000 * 5, 1000))
    if payroll is not None:
        result["funds_fen"] = rounded(Fraction(payroll * 2, 100))
        result["kept_fen"] = rounded(Fraction(result["funds_fen"] * 60, 100))
        result["passed_on_fen"] = result["funds_fen"] - result["kept_fen"]
    return result


CALCULATORS = {
    "overtime": overtime, "severance": severance, "no-contract": no_contract, "annual-leave": annual_leave,
    "work-injury": work_injury, "probation": probation, "retirement": retirement, "limitation": limitation,
    "dues": dues,
}

if __name__ == "__main__":
    for line in sys.stdin:
        request = json.loads(line)
        result = CALCULATORS[request["calculator"]](request["inputs"], date(request["today"]))
        print(json.dumps(result, ensure_ascii=False))

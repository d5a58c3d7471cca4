"""People, cards, campaigns and whatever else a request may need to succeed, made through the public API alone."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import secrets
import time

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

COUNTY = "410102"
NAME = "王小明"
PASSWORD = "fuzz-horse-battery"  # not the documents' example, which random requests send too
PIN = "284917"
PASSWORD_LOGIN, OTP_LOGIN = "/v1/auth/login/password", "/v1/auth/login/otp"
ROSTER = 40  # members one import brings


# Hypothesis seeds `random`, and a case that is tried again needs another person: chance comes from elsewhere.
def mobile():
    return f"138{secrets.randbelow(10**8):08}"


def digits(least, most):
    return f"{least + secrets.randbelow(most - least + 1):02}"


def citizen():
    body = f"{COUNTY}19{digits(50, 99)}{digits(1, 12)}{digits(1, 28)}{digits(100, 999)}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights)) % 11]


def uscc():
    letters, weights = "0123456789ABCDEFGHJKLMNPQRTUWXY", [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    body = f"91{COUNTY}{secrets.randbelow(10**9):09}"
    return body + letters[-sum(letters.index(c) * w for c, w in zip(body, weights)) % 31]


def statement():
    return {"name": NAME, "id_type": "citizen_id", "id_number": citizen()}


def username():
    return f"fuzz.{secrets.token_hex(6)}"


def roster(people):
    return "姓名,身份证号,手机\n" + "".join(f"{p['name']},{p['id_number']},{p['mobile']}\n" for p in people)


def totp(secret):
    digest = hmac.new(base64.b32decode(secret), (int(time.time()) // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


class Refused(Exception):
    """A precondition could not be made."""

    def __init__(self, what, status=0):
        super().__init__(what)
        self.status = status


class Session:
    """One login. Access tokens live fifteen minutes, so they are renewed after ten."""

    def __init__(self, world, way, **body):
        self.world, self.device = world, {"id": f"fuzz-{secrets.token_hex(4)}", "platform": "web"}
        self.take(world.call("POST", way, {**body, "device": self.device}))

    def take(self, tokens):
        self.access, self.refresh, self.since = tokens["access_token"], tokens["refresh_token"], time.monotonic()

    def renewal(self):
        return {"refresh_token": self.refresh, "device_id": self.device["id"]}

    def bearer(self):
        if time.monotonic() - self.since > 600:
            self.take(self.world.call("POST", "/v1/auth/refresh", self.renewal()))
        return f"Bearer {self.access}"


def base64url(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class System:
    """A partner with its key. Its access tokens, too, are renewed after ten minutes."""

    def __init__(self, world):
        self.world, self.key, self.since, self.id = world, Ed25519PrivateKey.generate(), float("-inf"), None

    def public(self):
        return base64url(self.key.public_key().public_bytes_raw())

    def request(self):
        """What a token is asked with, good once."""
        now = int(time.time())
        claims = {"iss": self.id, "sub": self.id, "aud": "https://unionhall.example", "exp": now + 60, "jti": secrets.token_hex(16)}
        parts = [base64url(json.dumps(part).encode()) for part in ({"alg": "EdDSA", "typ": "JWT"}, claims)]
        signature = base64url(self.key.sign(".".join(parts).encode()))
        return {"grant_type": "client_credentials", "client_assertion": ".".join([*parts, signature]),
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}

    def bearer(self):
        if time.monotonic() - self.since > 600:
            self.access = self.world.call("POST", "/v1/partner/token", self.request())["access_token"]
            self.since = time.monotonic()
        return f"Bearer {self.access}"


class World:
    def __init__(self, audience):
        with open(os.path.join(os.environ["FUZZ_DATA"], "demo.json"), encoding="utf-8") as file:
            self.demo = json.load(file)
        self.audience, self.kept, self.waiting = audience, {}, []
        self.union = self.known(f"{COUNTY}.leader")["union_id"]
        self.leader = self.cadre(f"{COUNTY}.leader")
        self.chair_at_first = self.chair()
        # Somebody else, whose post is above what the leader's random requests can revoke.
        self.officer = self.cadre("zhengzhou.officer")
        # Whose token the requests carry.
        mains = {"member": lambda: self.holder()["session"], "merchant": self.manager, "lawyer": self.advocate, "admin": lambda: self.leader, "partner": self.system,
                 "recruiter": self.recruiter}
        self.main = mains[audience]()
        self.main.bearer()

    def advocate(self):
        import counsel  # it stands on this module

        return counsel.lawyer(self)["session"]

    def keep(self, name, make):
        """Made when it is first asked for, until something fails and all is made anew."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]

    # ---- requests

    def send(self, method, path, body=None, by=None, file=None, **headers):
        """The answer's JSON and its ETag; with a file, the body is the rest of the form."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if by:
            headers["authorization"] = by.bearer()
        content = {"data": body, "files": {"file": file}} if file else {"json": body}
        answer = requests.request(method, self.demo["base_url"] + path, headers=headers, timeout=30, **content)
        if answer.status_code >= 300:
            raise Refused(f"{method} {path}: {answer.text}", answer.status_code)
        return json.loads(answer.content or b"null"), answer.headers.get("etag")

    def call(self, method, path, body=None, by=None, **headers):
        return self.send(method, path, body, by, **headers)[0]

    def step(self, path, by, **body):
        """A cadre's transition, with the version that stands."""
        version = self.send("GET", path.rsplit("/", 1)[0], by=by)[1]
        return self.call("POST", path, body, by, if_match=version, idempotency_key=secrets.token_hex(8))

    def until(self, read, holds):
        """What workers do is there a moment later."""
        for _ in range(200):
            if holds(found := read()):
                return found
            time.sleep(0.05)
        raise Refused(f"waited in vain: {found}")

    def code(self, number, purpose, realm="member", by=None):
        """A one-time code, read where the development profile leaves its messages."""
        before = os.path.getsize(self.demo["sms_outbox"])
        self.call("POST", "/v1/auth/otp", {"mobile": number, "purpose": purpose, "realm": realm}, by)

        def sent():
            with open(self.demo["sms_outbox"], encoding="utf-8") as file:
                file.seek(before)
                return [line["params"]["code"] for line in map(json.loads, file) if line["mobile"] == number]

        return self.until(sent, bool)[-1]

    # ---- logins

    def known(self, name):
        return next(who for who in [*self.demo["cadres"], self.demo["auditor"]] if who["username"] == name)

    def cadre(self, name, again=True):
        who = self.known(name)
        realm = "auditor" if who["role"] == "auditor" else "cadre"
        try:
            return Session(self, PASSWORD_LOGIN, realm=realm, username=name, password=who["password"], totp=totp(who["totp_secret"]))
        except Refused:
            if not again:
                raise
            time.sleep(30 - time.time() % 30)  # a TOTP code is good once, and the run before may have used it
            return self.cadre(name, again=False)

    def lawyer(self):
        """Who enters the parameters of the law."""
        return self.keep("lawyer", lambda: self.cadre("henan.legal_officer"))

    def province(self):
        """Who approves them."""
        return self.keep("province", lambda: self.cadre("henan.leader"))

    def member(self, number=None):
        """An account at level 0, or that of somebody on the roster."""
        number = number or mobile()
        return Session(self, OTP_LOGIN, mobile=number, code=self.code(number, "login"), consents=[])

    def mini(self):
        """An account that a WeChat user is bound to."""
        return Session(self, "/v1/auth/login/wechat", js_code=secrets.token_hex(8), phone_code=mobile(), consents=[])

    def clerk(self, who):
        return Session(self, PASSWORD_LOGIN, realm="merchant", username=who["username"], password=who["password"])

    def chair(self):
        """A cadre of a basic union, below the county: with a code by SMS and a bound device; and when the code was sent."""
        union = self.call("POST", "/v1/admin/unions", {"name": "机械厂工会", "parent_id": self.union, "org_type": "1"}, self.leader)["id"]
        who = {**self.invitation(), "union_id": union}
        self.call("POST", "/v1/admin/invitations", who, self.leader)
        code = self.code(who["mobile"], "confirm", "cadre")
        self.call("POST", "/v1/auth/activate", {"realm": "cadre", "mobile": who["mobile"], "code": code, "password": PASSWORD})
        return who, self.chair_login(who), time.monotonic()

    def chair_login(self, who, **more):
        code = self.code(who["mobile"], "second_factor", "cadre")
        return Session(self, PASSWORD_LOGIN, realm="cadre", username=who["username"], password=PASSWORD, otp=code, **more)

    def manager(self):
        return self.clerk(self.demo_shop()["manager"])

    def invited(self):
        """Somebody who is to be on the shop's staff."""
        who = {"name": NAME, "mobile": mobile(), "username": username()}
        body = {**who, "role": "staff", "branch_id": self.shop()["branch_id"]}
        made = self.call("POST", f"/v1/admin/merchants/{self.shop()['merchant_id']}/staff", body, self.leader)
        return {**who, "id": made["id"], "password": PASSWORD}

    def activation(self, who):
        code = self.code(who["mobile"], "confirm", "merchant")
        return {"realm": "merchant", "mobile": who["mobile"], "code": code, "password": who["password"]}

    def staff(self):
        who = self.invited()
        self.call("POST", "/v1/auth/activate", self.activation(who))
        return who

    def taken_on(self):
        """Whom the manager took on and who is still to accept: the session, the mobile and the place."""
        number = mobile()
        body = {"name": NAME, "mobile": number, "branch_id": self.demo_shop()["branch_id"]}
        place = self.call("POST", "/v1/merchant/staff", body, self.keep("manager", self.manager))["id"]
        code = self.code(number, "login", "merchant")
        return Session(self, OTP_LOGIN, realm="merchant", mobile=number, code=code, consents=[]), number, place

    def cashier(self):
        """Whom the manager took on and who accepted."""
        session, number, place = self.taken_on()
        self.call("POST", f"/v1/merchant/places/{place}/accept", {}, session)
        session.take(self.call("POST", "/v1/auth/refresh", session.renewal()))
        return session, number, place

    def till(self, by):
        """The device of a manager's session, registered."""
        body = {"branch_id": self.demo_shop()["branch_id"], "name": "前台"}
        return self.call("POST", "/v1/merchant/tills", body, by)["id"]

    def pin(self, by, number):
        body = {"pin": PIN, "code": self.code(number, "confirm", "merchant")}
        self.call("PUT", "/v1/merchant/pin", body, by)

    def spare(self):
        """A session that may be ended. A cadre's second factor is good once in thirty seconds, so theirs is a clerk's."""
        return self.keep("spare", lambda: self.member() if self.audience == "member" else self.clerk(self.keep("clerk", self.staff)))

    # ---- the registry

    def people(self, count=1):
        return [{**statement(), "mobile": mobile()} for _ in range(count)]

    def upload(self, people, state="validated"):
        """An import in a state."""
        form = {"kind": "members", "union_id": self.union}
        made = self.call("POST", "/v1/admin/imports", form, self.leader, file=roster(people).encode())["id"]
        path = f"/v1/admin/imports/{made}"
        self.until(lambda: self.call("GET", path, by=self.leader)["state"], lambda found: found == "validated")
        if state == "committed":
            self.step(f"{path}/commit", self.leader)
            self.until(lambda: self.call("GET", path, by=self.leader)["state"], lambda found: found == "committed")
        return made

    def reconciliation(self):
        """A sheet that the leader may sign: over files nobody has sent."""
        body = {"union_id": self.union, "kind": "merchants"}
        return self.call("POST", "/v1/admin/import-reconciliations", body, self.leader, idempotency_key=secrets.token_hex(8))["id"]

    def on_roster(self):
        """Somebody whom the roster knows and who has no account yet."""
        if not self.waiting:
            self.waiting = self.people(ROSTER)
            self.upload(self.waiting, "committed")
        return self.waiting.pop()

    def member_id(self):
        body = {"mobile": self.on_roster()["mobile"]}
        return self.call("POST", "/v1/admin/members/search", body, self.leader)["items"][0]["id"]

    def holder(self):
        """A member who is proved and holds a card."""
        who = self.on_roster()
        session = self.member(who["mobile"])
        self.call("POST", "/v1/me/real-name", {key: who[key] for key in ("name", "id_type", "id_number")}, session)
        cards = self.until(lambda: self.call("GET", "/v1/me/cards", by=session)["items"], bool)
        return {**who, "session": session, "card": cards[0]["id"]}

    def customer(self):
        return self.keep("customer", self.holder)

    def application(self):
        """A join application, and who handed it in."""
        session = self.member()
        body = {"union_id": self.union, "statement": statement()}
        return self.call("POST", "/v1/me/join-applications", body, session, idempotency_key="fuzz")["id"], session

    def invitation(self):
        return {**self.people()[0], "username": username(), "union_id": self.union, "role": "officer"}

    # ---- merchants

    def today(self):
        """Of Shanghai."""
        return datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()

    def contract_terms(self):
        today = datetime.date.today()
        return {"contract_from": str(today), "contract_to": str(today + datetime.timedelta(days=300))}

    def merchant_terms(self):
        return {"uscc": uscc(), "division_code": COUNTY, **self.contract_terms(), "category": "餐饮", "contact_name": NAME, "contact_mobile": mobile()}

    def merchant(self):
        return self.call("POST", "/v1/admin/merchants", {"name": "方中山胡辣汤", **self.merchant_terms()}, self.leader)["id"]

    def demo_shop(self):
        return next(shop for shop in self.demo["merchants"] if shop["division"] == COUNTY)

    def file(self, by, purpose):
        content = ("file.pdf", b"%PDF-1.7 fuzz %%EOF", "application/pdf")
        return self.send("POST", "/v1/files", {"purpose": purpose}, by, content)[0]["id"]

    def applicant(self):
        """Somebody with a mobile who begins to apply for a merchant."""
        number = mobile()
        return Session(self, "/v1/public/merchant-applications", mobile=number, code=self.code(number, "apply", "merchant"))

    def merchant_application_terms(self, by):
        branch = {"name": "顺河路店", "address": "顺河路1号", "division_code": COUNTY}
        return {"uscc": uscc(), "category": "餐饮", "division_code": COUNTY, "contact_name": NAME,
                "licence_file_id": self.file(by, "merchant_licence"), "branches": [branch]}

    def merchant_application(self, verified=False):
        """An application for a merchant, and who handed it in."""
        by = self.applicant()
        body = {"name": "方中山胡辣汤", **self.merchant_application_terms(by)}
        made = self.call("POST", "/v1/merchant/applications", body, by, idempotency_key="fuzz")["id"]
        if verified:
            self.step(f"/v1/admin/merchant-applications/{made}/verify", self.leader, **self.contract_terms())
        return made, by

    def managed(self):
        """A live merchant and its manager: whoever applied for it."""
        made, by = self.merchant_application(verified=True)
        found = self.call("POST", f"/v1/merchant/applications/{made}/sign", {}, by)["merchant_id"]
        by.take(self.call("POST", "/v1/auth/refresh", by.renewal()))
        return found, by

    def licensed(self):
        """A merchant with its licence."""
        made = self.merchant()
        path = f"/v1/admin/merchants/{made}"
        version = self.send("GET", path, by=self.officer)[1]
        self.call("PUT", f"{path}/licence", {"file_id": self.file(self.officer, "merchant_licence")}, self.officer, if_match=version)
        return made

    def new_shop(self):
        made = self.merchant()
        body = {"name": "顺河路店", "address": "顺河路1号", "division_code": COUNTY}
        branch = self.call("POST", f"/v1/admin/merchants/{made}/branches", body, self.leader)
        return {"merchant_id": made, "branch_id": branch["id"], "branch_code": branch["code"]}

    def shop(self):
        """The demo's, but a cadre's random requests may suspend that."""
        return self.keep("shop", self.new_shop if self.audience == "admin" else self.demo_shop)

    def campaign_terms(self, kind="quota"):
        now = datetime.datetime.now(datetime.timezone.utc)
        begins, ends = (f"{now + datetime.timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (-1, 90))
        return {"union_id": self.union, "branch_ids": [self.shop()["branch_id"]], "kind": kind, "benefit_kind": "amount", "benefit_fen": 500,
                "quota": 10**6, "per_member_limit": 100, "starts_at": begins, "ends_at": ends,
                "coupon_valid_days": 7 if kind == "coupon" else None}

    def pool_terms(self):
        return {**self.campaign_terms(), "kind": "code_pool", "branch_ids": [], "quota": 1, "per_member_limit": 1, "coupon_valid_days": 7}

    def pool(self, *steps):
        """A campaign that gives one code of another company."""
        made = self.call("POST", "/v1/admin/campaigns", {"title": "观影兑换码", **self.pool_terms()}, self.officer)["id"]
        if steps:
            self.call("POST", f"/v1/admin/campaigns/{made}/codes", {"codes": [secrets.token_hex(8)]}, self.officer)
        return self.stepped(made, steps)

    def campaign(self, *steps, kind="quota"):
        """The officer enters, submits and pauses it; another person approves."""
        made = self.call("POST", "/v1/admin/campaigns", {"title": "会员卡立减5元", **self.campaign_terms(kind)}, self.officer)["id"]
        return self.stepped(made, steps)

    def stepped(self, campaign, steps):
        for step in steps:
            self.step(f"/v1/admin/campaigns/{campaign}/{step}", self.leader if step == "approve" else self.officer)
        return campaign

    def offer(self, kind="quota"):
        return self.keep(kind, lambda: self.campaign("submit", "approve", kind=kind))

    def purchase(self):
        return {"branch_code": self.shop()["branch_code"], "offer_id": self.offer(), "amount_fen": 10_000}

    def redemption(self):
        key = secrets.token_hex(8)
        return self.call("POST", "/v1/me/redemptions", self.purchase(), self.customer()["session"], idempotency_key=key)["id"]

    def shown(self, holder):
        """What a holder shows at the till."""
        code = self.call("GET", f"/v1/me/cards/{holder['card']}/qr", by=holder["session"])["codes"][0]["code"]
        return {"code": code, "branch_id": self.shop()["branch_id"]}

    # ---- recruiters

    def recruiting(self):
        """Somebody with a mobile who begins to apply as a recruiter."""
        number = mobile()
        return Session(self, "/v1/public/recruiter-applications", mobile=number, code=self.code(number, "apply", "recruiter"))

    def recruiter_terms(self, by):
        return {"name": "郑州某某机械有限公司", "uscc": uscc(), "division_code": COUNTY, "about": "机械加工企业。", "contact_name": NAME,
                "licence_file_id": self.file(by, "recruiter_licence"), "authorisation_file_id": self.file(by, "recruiter_authorisation")}

    def recruiter_application(self):
        """An application of a recruiter to be, and who handed it in."""
        by = self.recruiting()
        made = self.call("POST", "/v1/recruiter/applications", self.recruiter_terms(by), by, idempotency_key="fuzz")["id"]
        return made, by

    def recruiter(self, *steps):
        """Whoever acts for a recruiter that is verified."""
        made, by = self.recruiter_application()
        self.recruiter_id = self.step(f"/v1/admin/recruiter-applications/{made}/verify", self.leader)["recruiter_id"]
        for step in steps:
            self.step(f"/v1/admin/recruiters/{self.recruiter_id}/{step}", self.leader, reason="多次被举报")
        by.take(self.call("POST", "/v1/auth/refresh", by.renewal()))
        return by

    def posting_terms(self):
        return {"title": "数控车床操作工", "employment_type": "full_time", "headcount": 5, "content": "操作数控车床。", "conditions": "认真负责。",
                "division_code": COUNTY, "address": "建设路1号", "pay": {"min_fen": 450_000, "period": "month"}}

    def posting(self, *steps):
        """The recruiter writes it and hands it in; the county looks at it."""
        by = self.keep("employer", self.recruiter)
        made = self.call("POST", "/v1/recruiter/postings", self.posting_terms(), by, idempotency_key=secrets.token_hex(8))["id"]
        for step in steps:
            if step == "submit":
                self.call("POST", f"/v1/recruiter/postings/{made}/submit", {}, by)
            else:
                self.step(f"/v1/admin/job-postings/{made}/{step}", self.leader)
        return made

    def job(self):
        return self.posting("submit", "approve")

    def resume(self):
        content = {"headline": "车工", "education": "", "skills": "", "about": "", "experiences": []}
        return {"content": content, "blocked_employers": []}

    def seeker(self):
        """A member with a resume."""
        by = self.holder()["session"]
        self.call("PUT", "/v1/me/resume", self.resume(), by)
        return by

    def job_application(self, *steps):
        """A member's application to the recruiter's job, and who handed it in."""
        by = self.seeker()
        made = self.call("POST", "/v1/me/job-applications", {"posting_id": self.job()}, by, idempotency_key="fuzz")["id"]
        for step in steps:
            self.call("POST", f"/v1/recruiter/candidates/{made}/{step}", {}, self.keep("employer", self.recruiter))
        return made, by

    def hidden_posting(self):
        made = self.job()
        for _ in range(3):
            body = {"posting_id": made, "kind": "fee", "statement": "要求交押金"}
            self.call("POST", "/v1/me/job-reports", body, self.holder()["session"], idempotency_key="fuzz")
        return made

    def known_recruiter(self, *steps):
        self.recruiter(*steps)
        return self.recruiter_id

    # ---- messages

    def notice_terms(self, audience="members"):
        return {"union_id": self.union, "audience": audience, "channels": ["member_app"], "title": "送温暖", "body": "各位会员"}

    def notice(self, *steps, audience="members"):
        """The officer writes it; another person approves."""
        made = self.call("POST", "/v1/admin/notices", self.notice_terms(audience), self.officer)["id"]
        for step in steps:
            self.step(f"/v1/admin/notices/{made}/{step}", self.leader if step == "approve" else self.officer)
        return made

    # ---- partners

    def approver(self):
        return self.keep("approver", lambda: self.cadre("zhengzhou.leader"))

    def partner_terms(self, key):
        return {"organisation": "郑州市工人文化宫", "contact_name": NAME, "contact_mobile": mobile(), "receives": ["level", "union"],
                "redirect_origins": ["https://park.example.cn"], "public_key": key}

    def system(self, *steps, approved=True):
        """A partner that the city's officer registered; another person approves."""
        made = System(self)
        body = {"name": "郑州职工文化宫", **self.partner_terms(made.public())}
        made.id = self.call("POST", "/v1/admin/partners", body, self.officer)["id"]
        if approved:
            self.step(f"/v1/admin/partners/{made.id}/approve", self.approver())
        for step in steps:
            self.step(f"/v1/admin/partners/{made.id}/{step}", self.officer, reason="整改")
        return made

    def ticket(self, system, holder=None):
        """A member's ticket for a partner, agreed to."""
        by = (holder or self.customer())["session"]
        return self.call("POST", "/v1/me/sso-tickets", {"partner_id": system.id, "consent": True}, by)["ticket"]

    def subject(self, system):
        return self.call("POST", "/v1/partner/sso/exchange", {"ticket": self.ticket(system)}, system)["subject"]

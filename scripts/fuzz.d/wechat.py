"""A stand-in for WeChat, for requests that are made up and for trying the mini-program's login by hand: wechat.py [PORT]

A `js_code` is the user's id itself, a `phone_code` the mobile itself; neither is remembered, so both serve any number of times.
The server is told where it is: UNIONHALL_WECHAT_URL=http://127.0.0.1:PORT, and UNIONHALL_WECHAT_APP_ID and …_SECRET of any kind."""

import http.server
import json
import sys
import urllib.parse


class Wechat(http.server.BaseHTTPRequestHandler):
    def answer(self, **body):
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        self.answer(openid=query["js_code"], session_key="none")

    def do_POST(self):
        url = urllib.parse.urlsplit(self.path)
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if url.path == "/cgi-bin/stable_token":
            # Whose token it is, is all that the next question has to know.
            return self.answer(access_token=body["appid"], expires_in=7200)
        app = urllib.parse.parse_qs(url.query)["access_token"][0]
        if not (body["code"].isdecimal() and len(body["code"]) == 11):
            return self.answer(errcode=40029, errmsg="invalid code")
        phone = {"phoneNumber": body["code"], "purePhoneNumber": body["code"], "countryCode": "86", "watermark": {"appid": app}}
        self.answer(errcode=0, errmsg="ok", phone_info=phone)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 0), Wechat)
print(server.server_port, flush=True)
server.serve_forever()

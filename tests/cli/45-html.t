#!/bin/sh
# The HTML summary in a real browser: what attackers wrote into the log is
# text, nothing runs, nothing is loaded, and the drawing is where it belongs.

. "$(dirname "$0")/lib.sh"
need python3
browser=
for name in chromium chromium-browser google-chrome; do
	command -v $name >/dev/null && browser=${browser:-$name}
done
[ -n "$browser" ] || skip_all "no headless browser (Debian: chromium) is installed"

# A server on this machine notes whatever is asked of it.
cat >server.py <<'END'
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("asked", "a") as file:
            file.write(self.path + "\n")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"document.title = 'owned'")
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
with open("port", "w") as file:
    print(server.server_address[1], file=file)
server.serve_forever()
END
python3 server.py &
server=$!
trap 'kill $server 2>/dev/null; clean_up' EXIT
tries=0
while [ ! -s port ] && [ $tries -lt 100 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
url=http://127.0.0.1:$(cat port)

# ---- events ----

cat >events.py <<'END'
import json, sys
url = sys.argv[1]
hostile = ["<script>document.title='owned'</script>", "<script src=%s/a></script>" % url, "<img src=%s/b onerror=alert(1)>" % url,
           "\"><svg onload=\"document.title='owned'\">", "' style='background:url(%s/c)'" % url, "</bdi></td></table><h1>x",
           "<!-- ", "]]>", "&lt;b&gt;", "</title></style><link rel=stylesheet href=%s/d>" % url, "<iframe src=%s/e>" % url,
           "<meta http-equiv=refresh content='0;url=%s/f'>" % url, "<style>@import '%s/g'</style>" % url, "\x1b[31mred\x9b2J",
           "\u202egnp.exe", "\x00nul", "two\nlines\ttab", "\u738b\u6885 \u0645\u0631\u062d\u0628\u0627 e\u0301", "x" * 300]
n = 0
for day, (good, bad) in enumerate([(10, 0), (40, 10), (0, 0), (5, 25), (80, 20), (0, 7), (60, 1)], 1):
    for i in range(good + bad):
        text = hostile[n % len(hostile)]
        print(json.dumps({"id": "e%d" % n, "time": "2026-05-%02dT12:00:00Z" % day, "action": text, "actor_id": text,
                          "target_path": text, "category": text, "outcome": "failure" if i < bad else "success",
                          "context": {"key": text}}))
        n += 1
END
python3 events.py "$url" >events.jsonl
run auditd-ingest events.jsonl
ends "hostile events are stored" 0
filter="actor_id!=nobody'\"<b>&"
audit-summary --bucket 1d --top 30 -o json "$filter" >summary.json
run audit-summary --bucket 1d --top 30 --by action,context.key -o html --since 2026-05-01 --tz Asia/Kolkata "$filter"
ends "the page is made" 0
cp out page.html
check "it is UTF-8" iconv -f UTF-8 -t UTF-8 page.html
is "nothing in it is an element of theirs" "$(python3 "$top/tests/cli/page.py" dom page.html summary.json)" ok
check "control characters are shown" grep -q -F '\x1b[31mred\u009b2J' page.html
check "so are those that turn text round" grep -q -F '\u202egnp.exe' page.html
check "it says its window, in the zone asked for" grep -q '2026-05-01 00:00:00</time> to the end' page.html
check "and the filter" grep -q 'nobody&#39;' page.html

# ---- in the browser ----

browse() { # OPTION... FILE
	timeout 30 "$browser" --headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --hide-scrollbars \
	    --force-device-scale-factor=1 --no-first-run --disable-background-networking --disable-component-update \
	    --user-data-dir="$work/profile" "$@" 2>browser.err
}
browse --dump-dom "file://$work/page.html" >dom.html || skip_all "the browser does not start: $(tail -n 1 browser.err)"
is "the browser has the elements and values that were meant" \
    "$(python3 "$top/tests/cli/page.py" dom dom.html summary.json)" ok
browse --window-size=1000,700 --screenshot="$work/page.png" "file://$work/page.html" >/dev/null
is "the screenshot has the bars where they belong" \
    "$(python3 "$top/tests/cli/page.py" bars page.png summary.json)" ok
browse --print-to-pdf="$work/page.pdf" "file://$work/page.html" >/dev/null
check "it prints" test "$(python3 "$top/tests/cli/page.py" pages page.pdf)" -ge 1
check "nothing was asked of anyone" test ! -e asked

# Should a value ever get through, the page's policy holds.
sed "s#<main>#<main><script>document.title='owned'</script><script src=$url/s></script><img src=$url/i onerror=\"document.title='owned'\"><link rel=stylesheet href=$url/l><p style='position:fixed'>#" \
    page.html >pierced.html
browse --dump-dom "file://$work/pierced.html" >dom.html
check "a script that got in does not run" grep -q '<title>Audit summary' dom.html
check "nor loads anything" test ! -e asked
sed '/Content-Security-Policy/d' pierced.html >open.html
browse --dump-dom "file://$work/open.html" >dom.html
check "without the policy it would" grep -q '<title>owned' dom.html
check "and would load" test -s asked

finish

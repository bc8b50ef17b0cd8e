"""hostile.py: events whose texts try to steer a terminal, as JSON lines."""
import json
texts = ["\x1b]0;owned\x07title", "\x1b[2Jclear", "\x9b31mred", "a\rb", "two\nlines", "\u202egnp.exe",
         "\x08\x08back", "\x7f", "\u2066iso", "wide \u738b\u6885 " * 20, "e\u0301" * 90, "x" * 400]
for number, text in enumerate(texts):
    print(json.dumps({"id": "e%d" % number, "time": "2026-05-01T00:00:%02dZ" % number, "action": text,
                      "actor_id": text, "target_path": text, "outcome": "failure", "ip": text}))

#!/bin/sh
# Completion offers what the store has, and nothing of it harms a shell.

. "$(dirname "$0")/lib.sh"
need jq

cat >hostile.jsonl <<'END'
{"time":"2026-05-01T00:00:00Z","action":"$(touch owned)","tenant":"$(touch owned)","channel":"`touch owned`"}
{"time":"2026-05-01T00:00:01Z","action":"`touch owned`","tenant":"a;touch owned"}
{"time":"2026-05-01T00:00:02Z","action":"it's","tenant":"\"quoted\""}
{"time":"2026-05-01T00:00:03Z","action":"two\nlines","tenant":"a\tb"}
{"time":"2026-05-01T00:00:04Z","action":"<(touch owned)","tenant":"{a,b}"}
{"time":"2026-05-01T00:00:05Z","action":"\u001b[31mred","tenant":"\u202egnp"}
{"time":"2026-05-01T00:00:06Z","action":"s3:GetObject","tenant":"acme corp"}
{"time":"2026-05-01T00:00:07Z","action":"s3:PutObject","tenant":"\u738b\u6885"}
{"time":"2026-05-01T00:00:08Z","action":"-rf","tenant":"~root"}
{"time":"2026-05-01T00:00:09Z","action":"${IFS}","tenant":"globex"}
END
auditd-ingest -q hostile.jsonl --source web
auditd-ingest -q "$top/examples/sample.jsonl" --source shop
audit-query -q --last 7d --save week
audit-query -q --outcome failure --save failures

# ---- What the programs say ----

values() {
	audit-query --list-values "$1" | tr '\n' '|'
}
is "tenants, without those that could do harm" "$(values tenant)" "acme corp|globex|$(printf '\347\216\213\346\242\205')|"
is "sources" "$(values source)" "audit-toolkit|shop|web|"
is "channels" "$(values channel)" "auth|"
is "saved queries" "$(values saved)" "failures|week|"
audit-export -q -o jsonl | jq -r .action | sort -u | grep -v '[$`<]' | grep -v -e "'" -e '^-' -e lines -e two -e red >wanted
audit-query --list-values action | grep -v '^audit.export$' >got
same "actions: every harmless one" got wanted
is "categories" "$(audit-query --list-values category)" \
    "$(audit-query -o jsonl category='*' | jq -r .category | sort -u)"
run audit-query --list-values nosuch
refuses "no such kind" 2 "no kind 'nosuch'"
for kind in tenant saved; do
	run audit-query -D nowhere.db --list-values $kind
	is "$kind: without a store, nothing and no word" "$status,$(cat out err)" "0,"
done
echo "no store" >text.db
run audit-query -D text.db --list-values tenant
is "nor for what is no store" "$status,$(cat out err)" "0,"

# Values that are in segments and no more in the tail.
i=0
while [ $i -lt 25 ]; do
	sed "s/\"id\":\"/&copy$i-/" "$top/examples/sample.jsonl"
	i=$((i + 1))
done | auditd-ingest -q --source bulk
is "of segments too" "$(values source)" "audit-toolkit|bulk|shop|web|"
is "and of what was sealed before" "$(values tenant)" "acme corp|globex|$(printf '\347\216\213\346\242\205')|"

# A program that does not sort out what could do harm: the scripts must bear it.
mkdir fake
cat >fake/audit-query <<'END'
#!/bin/sh
case $* in
*--list-options*) printf -- '--action\t-\taction\tits help\n' ;;
*--list-values*) echo 'x$(touch owned)`touch owned`;touch owned' ;;
esac
END
chmod +x fake/audit-query
hostile='x\$\(touch\ owned\)\`touch\ owned\`\;touch\ owned'

# ---- bash ----

if command -v bash >/dev/null; then
	cat >try.bash <<-'END'
		source "$1/completions/audit-toolkit.bash"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
		_audit_toolkit "$1" "${COMP_WORDS[$# - 1]}" "${COMP_WORDS[$# - 2]}"
		printf '%s|' "${COMPREPLY[@]}"
	END
	offers() { # NAME WANTED WORD...
		name=$1 wanted=$2
		shift 2
		is "bash: $name" "$(bash try.bash "$top" "$@" 2>&1)" "$wanted"
	}
	offers "a source" "shop|" audit-query --source sh
	offers "a source in a list" "web,shop|" audit-query --source web,sh
	offers "a value with a space, quoted" 'acme\ corp|' audit-query --tenant ac
	offers "and as it is where the line quotes" 'acme corp|' audit-query --tenant "'ac"
	offers "the rest of it" 'acme\ corp|' audit-query --tenant 'acme\ c'
	offers "behind a colon, what bash will replace" 'GetObject|PutObject|' audit-query --action s3 :
	offers "also begun" 'GetObject|' audit-query --action s3 : Ge
	offers "and behind an equals sign" 'GetObject|' audit-query --action = s3 : G
	offers "a saved query" "week|" audit-export -Q we
	offers "a mapping" "cloudtrail|" auditd-ingest --from cl
	offers "a rule of redaction" "card-number|" auditd-ingest --no-redact ca
	offers "what answers" "omprog|" auditd-ingest --ack o
	offers "what a full disk does" "wait|" auditd-ingest --on-full w
	offers "one to delete" "failures|" audit-query --delete-saved fa
	offers "values of a field in an operand" "shop|" audit-query source = sh
	offers "the store that the line names" "|" audit-query -D nowhere.db --source ''
	AUDIT_DB=nowhere.db
	offers "the store that the line names, by its long name" "shop|" audit-query --db = "$db" --source sh
	offers "or its letter" "shop|" audit-query -D "$db" --source sh
	AUDIT_DB=$db
	PATH=$work/fake:$PATH
	offers "what could do harm, quoted" "$hostile|" audit-query --action x
	PATH=${PATH#*:}
	for kind in action tenant channel; do
		bash try.bash "$top" audit-query --$kind '' >/dev/null 2>&1
	done
	check "bash: nothing was run" test ! -e owned
else
	skip "bash" "not installed"
fi

# ---- fish ----

if command -v fish >/dev/null; then
	try_fish() { # NAME WANTED LINE
		is "fish: $1" "$(fish -N -c "source $top/completions/audit-toolkit.fish; complete -C \"$3\"" 2>&1 |
			cut -f 1 | sort | tr '\n' '|')" "$2"
	}
	try_fish "a source" "shop|" "audit-query --source sh"
	try_fish "a source in a list" "web,shop|" "audit-query --source web,sh"
	try_fish "a value with a space" "acme corp|" "audit-query --tenant ac"
	try_fish "a saved query" "week|" "audit-export -Q we"
	AUDIT_DB=nowhere.db
	try_fish "the store that the line names" "shop|" "audit-query --db $db --source sh"
	AUDIT_DB=$db
	try_fish "everything harmless" "globex|" "audit-query --tenant gl"
	PATH=$work/fake:$PATH
	try_fish "what could do harm is text" 'x$(touch owned)`touch owned`;touch owned|' "audit-query --action x"
	PATH=${PATH#*:}
	fish -N -c "source $top/completions/audit-toolkit.fish; complete -C 'audit-query --action '" >/dev/null 2>&1
	check "fish: nothing was run" test ! -e owned
else
	skip "fish" "not installed"
fi

# ---- zsh, on a terminal of its own ----

cat >try.zsh <<'END'
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; PROMPT=; RPS1=; fpath=($1/completions \$fpath); autoload -Uz compinit; compinit -u -D; bindkey -e"
zpty -w z "show() { print -r -- \"LINE<\$BUFFER>\"; BUFFER=; zle accept-line }; zle -N show; bindkey '^X' show; echo RE''ADY"
zpty -r -m z text '*READY*'
zpty -w -n z "$2"$'\t'$'\030'
zpty -r -m z text '*LINE<*>*'
print -r -- "${${${text##*LINE<}%%>*}%,}"
END
if command -v zsh >/dev/null && zsh -f -c 'zmodload zsh/zpty' 2>/dev/null && command -v timeout >/dev/null; then
	try_zsh() { # NAME WANTED LINE
		is "zsh: $1" "$(timeout 20 zsh -f try.zsh "$top" "$3" 2>&1)" "$2"
	}
	try_zsh "an option" "audit-query --severity=" "audit-query --sever"
	try_zsh "a source" "audit-query --source shop" "audit-query --source sh"
	try_zsh "a value with a space" 'audit-query --tenant=acme\ corp' "audit-query --tenant=ac"
	try_zsh "a value with a colon" 'audit-query --action s3:GetObject' "audit-query --action s3:G"
	try_zsh "a saved query" "audit-export -Q week " "audit-export -Q we"
	AUDIT_DB=nowhere.db
	try_zsh "the store that the line names" "audit-query -D $db --source shop" "audit-query -D $db --source sh"
	AUDIT_DB=$db
	try_zsh "nothing of several" "audit-query --action " "audit-query --action "
	PATH=$work/fake:$PATH
	try_zsh "what could do harm, quoted" "audit-query --action $hostile" "audit-query --action x"
	PATH=${PATH#*:}
	check "zsh: nothing was run" test ! -e owned
else
	skip "zsh" "not installed"
fi

finish

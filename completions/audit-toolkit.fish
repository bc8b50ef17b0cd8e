# Completion of the audit-toolkit for fish.  The programs say themselves what
# they take: PROGRAM --list-options and PROGRAM --list-values KIND.
#
# Values come from logs, so whoever wrote a log wrote them: they are the output
# of a command, which fish quotes, and never part of what it evaluates.

function __audit_toolkit_fields --description 'FIELD= for an operand, or a list at its last part'
    set -l word (commandline -ct)
    for field in ($argv[1] --list-values field 2>/dev/null)
        switch $argv[2]
            case operand
                echo $field=
            case '*'
                echo (string replace -r '[^,]*$' '' -- $word)$field
        end
    end
end

function __audit_toolkit_store --description 'The options of this line that say which store is meant'
    set -l name
    for word in (commandline -opc)[2..-1]
        switch $word
            case -D --db
                set name --db
                continue
            case --config
                set name --config
                continue
            case '--db=*' '--config=*'
                echo $word
            case '*'
                if set -q name[1]
                    echo $name=(string replace -r '^~/' $HOME/ -- $word)
                end
        end
        set name
    end
end

function __audit_toolkit_values --description 'Values of a kind, a list at its last part'
    set -l stem (string replace -r '[^,]*$' '' -- (commandline -ct | string replace -r '^--[^=]*=' ''))
    for value in ($argv[1] (__audit_toolkit_store) --list-values $argv[2] 2>/dev/null)
        echo $stem$value
    end
end

function __audit_toolkit_load --argument-names program
    complete -c $program -f
    $program --list-options 2>/dev/null | while read -l -d \t name letter type help
        set -l args
        switch $type
            case none
            case file
                set args -r -F
            case dir
                set args -x -a '(__fish_complete_directories)'
            case any
                set args -x
            case field
                set args -x -a "(__audit_toolkit_fields $program value)"
            case '*'
                set args -x -a "(__audit_toolkit_values $program $type)"
        end
        if test $name = operand
            if test $type = field
                complete -c $program -a "(__audit_toolkit_fields $program operand)"
            else
                complete -c $program -F
            end
            continue
        end
        if test $letter != -
            set args $args -s (string sub -s 2 -- $letter)
        end
        complete -c $program -l (string sub -s 3 -- $name) -d $help $args
    end
end

for program in auditd-ingest audit-query audit-export audit-summary audit-trail audit-sessions audit-verify audit-prune audit-hold audit-erase audit-detect
    if command -q $program
        __audit_toolkit_load $program
    end
end

#!/bin/sh
# Standard input carries name='value' lines. A list comes once as JSON (`args`) and, so that a shell
# needs no JSON, once item by item: `args_count`, `args_0`, `args_1` and so on.
. /dev/stdin
set --
index=0
while [ "$index" -lt "${args_count:-0}" ]; do
    # Only the name is put together here; the value is never read as code.
    eval "set -- \"\$@\" \"\$args_$index\""
    index=$((index + 1))
done
exec "${shell:-sh}" -c "$script" "${shell:-sh}" "$@" </dev/null

#!/bin/sh
# Standard input carries the parameters as name='value' lines, quoted so that sourcing them is exact.
. /dev/stdin
# Not echo: it would read `-n` and backslashes.
printf '%s\n' "$message"

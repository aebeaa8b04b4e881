#!/bin/sh
. /dev/stdin
# In the place of this shell, so that a signal meets the sleeper itself.
exec sleep "$seconds"

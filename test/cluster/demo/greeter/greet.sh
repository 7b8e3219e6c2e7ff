#!/bin/sh
echo "$GREETING, ${1:-whoever you are}!"

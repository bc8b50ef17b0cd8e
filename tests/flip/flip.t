#!/bin/sh
# Bits of a store flipped one at a time: each is found, or changes no answer.
#
# Not part of make check: it takes two minutes.
make -s tests/flip/flip >&2 && exec ./tests/flip/flip

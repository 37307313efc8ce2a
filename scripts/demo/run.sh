#!/bin/sh
# All parts of the demonstration. Nothing needs root.
set -e
cd "$(dirname "$0")"
for part in content modern small transfer secondary dnscache; do
  sh "./$part.sh"
done

"""How large each function's zip is, and whether that is within its budget: a cold start has to fetch it.

    cargo build-functions && python3 .ci/sizes.py target/lambda
"""

import pathlib
import sys
import zlib

BUDGET = 3_000_000
# The admins' pages in two languages, their API and the preview. No event waits for it.
CONSOLE = 3_300_000

over = []
for program in sorted(pathlib.Path(sys.argv[1]).glob("*/bootstrap")):
    function = program.parent.name
    size = len(zlib.compress(program.read_bytes(), 9))
    budget = CONSOLE if function == "console" else BUDGET
    print(f"  {function:<20}{size / 1e6:5.2f} MB of {budget / 1e6:.1f}")
    if size > budget:
        over.append(function)
if over:
    sys.exit(f"FAILED: too large: {', '.join(over)}")

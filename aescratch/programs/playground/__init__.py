"""The playground: autoencoders that train in a page, live, by the package's recorded formulas.

    variants.py: what there is    data.py: what it trains on
    recording.py: ae.trace -> calls of loops    page.py: all of it, in one file    command.py: `aescratch playground`

In the page, in this order: the loops; network.js and training.js, which compute; drawing.js, scene.js and the four
views output.js, codes.js, chart.js, units.js; controls.js and held.js, what one moves; main.js.
"""

from aescratch.programs.playground.command import add_arguments, run

__all__ = ["add_arguments", "run"]

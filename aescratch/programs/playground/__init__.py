"""The playground: a page in which autoencoders train live, with the package's recorded formulas.

    variants.py: the variants    data.py: the data sets
    recording.py: ae.trace -> calls of loops    page.py: the page, in one file    command.py: `aescratch playground`

In the page, in this order: the loops; network.js and training.js, which compute; drawing.js, scene.js and the four
views output.js, codes.js, chart.js, units.js; controls.js and held.js, for the user's input; main.js.
"""

from aescratch.programs.playground.command import add_arguments, run

__all__ = ["add_arguments", "run"]

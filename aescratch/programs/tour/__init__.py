"""`aescratch tour`: every variant checked, trained on real digits, measured, and shown in one self-contained report.

    variants.py   the variants, with the settings that show each at its best
    experiment.py variant, digits -> gradient check, training, measures -> Result, with one Row of the table
    findings.py   results -> the numbers behind what is to be noticed;   notice.py   numbers -> sentences that they bear
    table.py      rows -> text;   figures.py   results -> pictures;   report.py, page.py, style.css   everything -> HTML
    command.py    options -> Plan -> everything in order -> exit status;   output.py   where the report goes

Models are built, trained and checked by the public interface alone, so it reads as a long example, too.
"""

from aescratch.programs.tour.command import add_arguments, run

__all__ = ["add_arguments", "run"]

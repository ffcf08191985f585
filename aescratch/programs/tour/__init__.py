"""`aescratch tour`: check, train and measure the lecture's variants on real digits, and write a self-contained report.

    variants.py   the variants, with good settings for each
    experiment.py variant, digits -> gradient check, training, measures -> Result, with one Row of the table
    findings.py   results -> numbers worth noticing;   notice.py   numbers -> sentences that are true of them
    table.py      rows -> text;   figures.py   results -> pictures;   report.py, page.py, style.css   everything -> HTML
    command.py    options -> Plan -> everything in order -> exit status;   output.py   the place of the report

It uses only the public interface, so it is a long example, too.
"""

from aescratch.programs.tour.command import add_arguments, run

__all__ = ["add_arguments", "run"]

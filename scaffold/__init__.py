"""Start a plugin repository and bring it to a newer kit: Copier behind one door.

The questions are those of ``copier copy`` (``copier.yml``); what differs is where the templates come from (the
installed kit's own source at its own version) and that nothing is left half done without being said.
"""

from scaffold.answers import QUESTIONS
from scaffold.origin import Origin, installed_origin
from scaffold.starting import NewResult, new
from scaffold.updating import UpdateResult, update

__all__ = ["QUESTIONS", "NewResult", "Origin", "UpdateResult", "installed_origin", "new", "update"]

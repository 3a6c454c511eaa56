"""Start a plugin repository and bring it to a newer kit: Copier behind one door.

The questions are those of ``copier copy`` (``copier.yml``); what differs is where the templates come from (the
installed kit's own source at its own version) and that nothing is left half done without being said.
"""

from scaffold.new_plugin import NewResult, new
from scaffold.template_answers import QUESTIONS
from scaffold.template_source import TemplateOrigin, installed_origin
from scaffold.template_update import UpdateResult, update

__all__ = ["QUESTIONS", "NewResult", "TemplateOrigin", "UpdateResult", "installed_origin", "new", "update"]

"""Create a plugin repository, add a hook to it, and update it to a newer kit, with Copier.

The questions are those of ``copier copy`` (``copier.yml``). Two things differ: the templates come from the installed
kit's own source at its own version, and a command either completes or reports what it has changed.
"""

from scaffold.hook_addition import HookAddition, add_hook
from scaffold.new_plugin import NewResult, new
from scaffold.template_answers import HOOKS, QUESTIONS
from scaffold.template_source import TemplateOrigin, installed_origin
from scaffold.template_update import UpdateResult, update

__all__ = [
    "HOOKS",
    "QUESTIONS",
    "HookAddition",
    "NewResult",
    "TemplateOrigin",
    "UpdateResult",
    "add_hook",
    "installed_origin",
    "new",
    "update",
]

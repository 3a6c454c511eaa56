"""What people do in the console, by the roles and labels that they see. Each story returns nothing or fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.console.stories.call_stories import CALL_STORIES
from benchmarks.console.stories.code_stories import CODE_STORIES
from benchmarks.console.stories.field_stories import FIELD_STORIES
from benchmarks.console.stories.hostile_stories import HOSTILE_STORIES
from benchmarks.console.stories.keyboard_stories import KEYBOARD_STORIES
from benchmarks.console.stories.local_stories import LOCAL_STORIES
from benchmarks.console.stories.playground_stories import PLAYGROUND_STORIES
from benchmarks.console.stories.plugin_stories import PLUGIN_STORIES
from benchmarks.console.stories.screen_stories import SCREEN_STORIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.console.browser import OpenConsole

STORIES: Mapping[str, Callable[[OpenConsole], None]] = {
    **{story.__name__: story for story in (*PLUGIN_STORIES, *CALL_STORIES, *CODE_STORIES)},
    **{story.__name__: story for story in (*KEYBOARD_STORIES, *SCREEN_STORIES)},
    **{story.__name__: story for story in (*HOSTILE_STORIES, *LOCAL_STORIES, *PLAYGROUND_STORIES)},
    **FIELD_STORIES,
}

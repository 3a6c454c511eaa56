"""One layer for each package; many packages share layers so that an update changes one of them."""

from __future__ import annotations

from builder.archive.compression import compressed_entry
from builder.archive.tree_digest import tree_digest
from builder.build_values import Bundle, Entry
from builder.image.lambda_images import LAYERS_MAX
from builder.image.layer_plan import PACKAGE_LAYERS_MAX, LayerPlan, plan_layers


def bundle_of(*owners: str) -> Bundle:
    entries: list[Entry] = [compressed_entry("index.py", 0o644, b"x = 1\n")]
    for owner in owners:
        name = owner.partition(" ")[0]
        entries += [compressed_entry(f"{name}/{part}.py", 0o644, owner.encode(), owner) for part in "ba"]
    entries.sort(key=lambda entry: entry.path.encode())
    return Bundle(entries=tuple(entries), tree_digest=tree_digest(entries))


def contents(plans: tuple[LayerPlan, ...]) -> set[tuple[tuple[str, str], ...]]:
    return {tuple((entry.path, entry.sha256) for entry in plan.entries) for plan in plans}


def test_each_package_has_a_layer_and_the_own_files_are_last() -> None:
    plans = plan_layers(bundle_of("two 2.0", "one 1.0"), 6)

    assert [plan.owners for plan in plans] == [("one 1.0",), ("two 2.0",), ()]
    assert [plan.label for plan in plans] == ["one 1.0", "two 2.0", "the plugin's own files"]
    assert [entry.path for entry in plans[0].entries] == ["one/a.py", "one/b.py"]
    assert plans[0].size == 2 * len("one 1.0")


def test_many_packages_share_layers_and_every_file_is_in_exactly_one() -> None:
    bundle = bundle_of(*(f"package{number} 1.0" for number in range(400)))
    plans = plan_layers(bundle, 6)

    assert 60 < len(plans) <= PACKAGE_LAYERS_MAX + 1
    paths = [entry.path for plan in plans for entry in plan.entries]
    assert sorted(paths) == sorted(entry.path for entry in bundle.entries)
    assert all(plan.entries == tuple(sorted(plan.entries, key=lambda entry: entry.path)) for plan in plans)


def test_the_number_of_layers_stays_below_the_limit_whatever_the_base_has() -> None:
    bundle = bundle_of(*(f"package{number} 1.0" for number in range(400)))

    assert all(len(plan_layers(bundle, base)) + base <= LAYERS_MAX for base in (1, 6, 27, 90, 120))


def test_an_updated_or_added_package_changes_one_shared_layer() -> None:
    owners = [f"package{number} 1.0" for number in range(300)]
    before = contents(plan_layers(bundle_of(*owners), 6))

    updated = contents(plan_layers(bundle_of(*owners[1:], "package0 1.1"), 6))
    added = contents(plan_layers(bundle_of(*owners, "extra 1.0"), 6))
    assert len(updated - before) == 1
    assert len(added - before) == 1

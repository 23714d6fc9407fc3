"""Keys and moves of the mouse as a reader wants them."""

import string
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition.domain import MarkKind
from app import assets
from app.read.commands import COMMANDS, ESSENTIAL, MOUSE_COMMANDS
from app.read.key_bindings import Bindings, own_bindings, read_bindings, shown, write_bindings
from app.read.key_profiles import RESERVED, KeysError, Profile, canonical, load_profiles

PROFILES = load_profiles(assets.path("keys"))
NAMES = [*(command.name for command in COMMANDS), *(command.name for command in MOUSE_COMMANDS)]
OWN = own_bindings()
ROOT = Path(__file__).parents[3]
every_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


def bindings_in(folder: Path, words: str) -> Bindings:
    file = folder / "keys.toml"
    file.write_text(words, encoding="utf-8")
    return read_bindings(file, PROFILES)


def test_every_command_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_the_profiles_are_gazerooms_own_and_those_of_other_viewers() -> None:
    assert [profile.title for profile in PROFILES] == ["Gazeroom", "OHIF", "PACS", "Weasis"]
    assert all(profile.source for profile in PROFILES[1:])


@every_profile
def test_a_profile_binds_no_key_and_no_move_twice(profile: Profile) -> None:
    everything = [binding for name in NAMES for binding in profile.bound[name]]
    assert len(set(everything)) == len(everything)


@every_profile
def test_a_profile_binds_whatever_a_reading_cannot_do_without(profile: Profile) -> None:
    kinds = {kind.value for kind in MarkKind} & {command.name for command in COMMANDS}
    assert kinds >= {"ellipse", "rectangle", "polygon", "freehand", "length"}
    needed = {*ESSENTIAL, *kinds, "commit", "next", "undo", "pause"}
    assert [name for name in needed if not profile.bound[name]] == []
    assert set(profile.bound) == set(NAMES)


@every_profile
def test_what_gazeroom_can_be_asked_for_by_key_every_profile_can(profile: Profile) -> None:
    commands = [command.name for command in COMMANDS if command.keys]
    assert [name for name in commands if not profile.bound[name]] == []


def test_what_a_profile_binds_is_taken_from_whoever_has_it_in_gazerooms_own(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('title = "M"\nsource = "S"\n[keys]\ninvert = ["M", "Del"]\n')
    bound = load_profiles(tmp_path)[1].bound
    assert (bound["invert"], bound["magnifier"], bound["delete"]) == (("M", "Del"), (), ("Backspace",))


@every_profile
def test_what_a_profile_binds_is_written_as_qt_writes_it(profile: Profile) -> None:
    for name in NAMES:
        assert all(canonical(name, binding) == binding for binding in profile.bound[name]), name


def test_lists_fields_and_buttons_keep_the_keys_that_they_need() -> None:
    assert {"Tab", "Space", "Up", "Down"} < set(RESERVED)
    assert not any(set(RESERVED) & set(profile.bound[name]) for profile in PROFILES for name in NAMES)


def test_without_a_file_the_keys_are_gazerooms_own(tmp_path: Path) -> None:
    assert read_bindings(tmp_path / "keys.toml", PROFILES) == OWN
    assert bindings_in(tmp_path, "[keys]\n") == OWN


def test_the_file_that_the_documentation_shows_is_taken(tmp_path: Path) -> None:
    example = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    bindings = bindings_in(tmp_path, example)
    assert bindings.profile.name == "weasis"
    told = tomllib.loads(example)
    assert set(bindings.changes) == {*told["keys"], *told["mouse"]}, "no line repeats the profile"


def test_a_file_changes_a_profile(tmp_path: Path) -> None:
    keys = 'profile = "pacs"\n[keys]\ninvert = ["ctrl+i", "F5"]\noverlays = []\n'
    bindings = bindings_in(tmp_path, keys + '[mouse]\ndragPan = ["space + left drag"]')
    assert bindings.of("invert") == ("Ctrl+I", "F5")
    assert bindings.of("overlays") == ()
    assert bindings.of("next") == ("PgDown", "N")
    assert shown("dragPan", "Space+Left drag") == "Space+left drag"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("keys", "cannot be read as TOML"),
        ("keys = 3", r"no table \[keys\]"),
        ("[keys]\n[more]", "more means nothing here"),
        ('profile = "abacus"', "no profile abacus"),
        ('[keys]\nfly = ["F"]', "no fly in"),
        ('[keys]\ndragPan = ["F"]', "no dragPan in"),
        ('[keys]\ninvert = "I"', "invert is bound to no list"),
        ('[keys]\ninvert = ["NoSuchKey"]', "invert is bound to no list"),
        ('[keys]\ninvert = ["G, O"]', "invert is bound to no list"),
        ('[mouse]\ndragPan = ["Wheel"]', "dragPan is bound to no list"),
        ("[keys]\ncommit = []", "commit is left without a key"),
        ('[keys]\ninvert = ["M"]', "M is bound twice"),
        ('[keys]\ninvert = ["ctrl+3"]', r"Ctrl\+3 is bound twice"),
        ('[keys]\ninvert = ["Space"]', "Space belongs to fields, lists and buttons"),
        ('[mouse]\ndragZoom = ["Left drag"]', "Left drag is bound twice"),
    ],
)
def test_what_binds_no_keys_is_told_in_a_sentence(tmp_path: Path, words: str, problem: str) -> None:
    with pytest.raises(KeysError, match=f"^keys.toml: .*{problem}.*(mend or remove the file|choose one)"):
        bindings_in(tmp_path, words)


def test_a_profile_without_its_source_is_none(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('title = "Mine"', encoding="utf-8")
    with pytest.raises(KeysError, match=r"mine.toml: a profile has a title and a source"):
        load_profiles(tmp_path)


def test_a_swap_gives_the_other_what_was_there_before() -> None:
    assert OWN.taken_by("M", but="invert") == "magnifier"
    swapped = OWN.swap("invert", "I", "M")
    assert (swapped.of("invert"), swapped.of("magnifier")) == (("M",), ("I",))
    assert swapped.fault == ""
    assert swapped.swap("invert", "M", "I") == OWN


def test_a_swap_that_takes_a_last_key_away_is_a_fault() -> None:
    assert (
        "pause is left without a key" in OWN.swap("dragZoom", "", "Left drag").swap("invert", "", "P").fault
    )


def test_a_reset_takes_back_what_others_took_since() -> None:
    turned = (
        OWN.bind("invert", "I", "F7")
        .bind("magnifier", "M", "I")
        .bind("link", "K", "M")
        .bind("fit", "Home", "F8")
    )
    reset = turned.reset("invert")
    assert reset == OWN.bind("fit", "Home", "F8")
    assert turned.reset_all() == OWN


KEYS = st.sampled_from(
    [*string.ascii_uppercase, *string.digits, "F5", "Ctrl+J", "Shift+Q", '"', "\\", "Home"]
)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from([command.name for command in COMMANDS]), KEYS), max_size=12))
def test_whatever_is_bound_on_the_page_is_sound_and_comes_back_from_the_file(
    tmp_path_factory: pytest.TempPathFactory, wishes: list[tuple[str, str]]
) -> None:
    bindings = OWN
    for name, key in wishes:
        old = next(iter(bindings.of(name)), "")
        taken = bindings.taken_by(key, but=name)
        wanted = bindings.swap(name, old, key) if taken else bindings.bind(name, old, key)
        bindings = bindings if wanted.fault else wanted
    file = tmp_path_factory.mktemp("keys") / "keys.toml"
    write_bindings(file, bindings)
    assert read_bindings(file, PROFILES) == bindings
    for name in bindings.changes:
        assert not bindings.reset(name).fault


def test_keys_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="hold until the window closes but cannot be kept"):
        write_bindings(tmp_path / "missing" / "keys.toml", OWN)

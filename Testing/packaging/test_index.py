"""What the Extensions Index asks of an extension, as far as it can be seen in the repository."""

import json
import re
from urllib.parse import urlsplit

from Testing.packaging.conftest import PROJECT

REQUIRED = {"$schema", "category", "scm_url"}
ALLOWED = REQUIRED | {
    *("scm_revision", "scm_type", "build_dependencies", "build_subdirectory", "enabled", "tier", "dicom_support_rule")
}
SCHEMA = (
    "https://raw.githubusercontent.com/Slicer/Slicer/main/Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json"
)
ENTRY = PROJECT / "HLFDSegmentation.json"


def entry() -> dict:
    return json.loads(ENTRY.read_text(encoding="utf-8"))


def top_cmake() -> str:
    return (PROJECT / "CMakeLists.txt").read_text(encoding="utf-8")


def test_the_entry_has_the_keys_of_its_schema_and_no_others():
    found = entry()
    assert REQUIRED <= set(found) <= ALLOWED
    assert found["$schema"].rstrip("#") == SCHEMA
    assert found["category"] == "Segmentation"
    assert found["tier"] in (1, 3, 5)


def test_the_entry_the_project_and_the_module_have_one_name_and_it_does_not_begin_with_slicer():
    names = re.findall(r"project\s*\(\s*(\w+)", top_cmake())
    assert names == [ENTRY.stem] == ["HLFDSegmentation"]
    assert (PROJECT / ENTRY.stem / f"{ENTRY.stem}.py").is_file()


def test_the_repository_is_reached_by_https_and_its_name_begins_with_slicer():
    parts = urlsplit(entry()["scm_url"])
    assert parts.scheme == "https"
    assert re.search(r"/Slicer\w+\.git$", parts.path)
    homepage = re.search(r'EXTENSION_HOMEPAGE "([^"]+)"', top_cmake())[1]
    assert f"{homepage}.git" == entry()["scm_url"]


def test_nothing_else_is_to_be_built_first():
    assert entry()["build_dependencies"] == []
    assert re.search(r'EXTENSION_DEPENDS "(.+)"', top_cmake())[1] == "NA"


def test_the_checks_of_the_index_find_icon_and_screenshots_each_on_one_line():
    for name in ("ICONURL", "SCREENSHOTURLS"):
        assert re.search(rf'set\s*\(EXTENSION_{name}\s*"(https://[^"]+)"[ ]*\)', top_cmake())


def test_licence_and_readme_are_where_the_index_looks():
    assert "Apache License" in (PROJECT / "LICENSE").read_text(encoding="utf-8")
    assert "not a medical device" in (PROJECT / "README.md").read_text(encoding="utf-8").lower()

"""Whatever a name or a label says, it stays text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from disbench.explorer import container, images_data, script, style

if TYPE_CHECKING:
    from disbench.explorer import ReferenceImages


def _json(element: str, name: str) -> object:
    pattern = f'<script type="application/json" id="{name}">(.*?)</script>'
    [text] = re.findall(pattern, element, re.DOTALL)
    return json.loads(text)


def test_a_container_comes_with_its_data() -> None:
    markup = container("one", {"label": "a"})
    assert '<div class="explorer" data-explorer="one">' in markup
    assert _json(markup, "explorer-one") == {"label": "a"}


def test_a_label_cannot_end_the_element() -> None:
    label = "</script><script>alert('z0 & z1')</script><!--"
    markup = container("one", {"labels": [label]})
    assert markup.count("</script>") == 1
    assert _json(markup, "explorer-one") == {"labels": [label]}


def test_a_name_is_quoted() -> None:
    assert 'data-explorer="&quot;&gt;&lt;b&gt;"' in container('"><b>', {})


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        container("one", {"start": [float("nan")]})


def test_images_stand_by_their_name(images: ReferenceImages) -> None:
    assert _json(images_data(images), "explorer-images") == images.payload()


def test_script_and_style_can_stand_in_a_page() -> None:
    assert "window.disbench" in script()
    assert re.findall("</script|<!--", script()) == []  # either would change where it ends
    assert ".explorer {" in style()
    assert "</style" not in style()


def test_nothing_is_fetched() -> None:
    assert re.findall(r"https?:|\burl\(|@import|\bfetch\(|\bimport\b", script() + style()) == []

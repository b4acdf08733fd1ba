"""Builds the site: `python docs/site/build.py [FOLDER]`, by default build/site.

The pages are the README, those of docs/ and its lessons, and the docstrings. There are
two sites, English and (in its folder zh) Chinese, which link to each other page by
page. They can be read from the disk: all they need is in the folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from check import check
from settings import settings
from stage import ROOT, stage

from plaingrad.lessons.words import LANGUAGES

HERE = Path(__file__).resolve().parent


def build(site: Path) -> None:
    """Build the site in all languages, and check its links."""
    work = site.parent / f"{site.name}-work"
    for folder in (site, work):
        shutil.rmtree(folder, ignore_errors=True)
    for lang in LANGUAGES:
        made = generate(lang, (work / lang).resolve())
        # these are of use on a server only
        left = shutil.ignore_patterns("404.html", "sitemap.xml")
        shutil.copytree(made, site if lang == "en" else site / lang, ignore=left)
    print(check(site))


def generate(lang: str, folder: Path) -> Path:
    """Make the site of a language, and return where it is."""
    stage(lang, folder / "pages")
    shutil.copytree(HERE / "assets", folder / "pages" / "assets")
    config = folder / "mkdocs.yml"  # JSON is YAML
    config.write_text(json.dumps(settings(lang, folder / "pages")), encoding="utf-8")
    # where the formulas' extension and the package are
    paths = [str(HERE), str(ROOT / "src"), *filter(None, [os.getenv("PYTHONPATH")])]
    command = [sys.executable, "-m", "zensical", "build", "--strict", "-f", str(config)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    subprocess.run(command, check=True, env=env)
    return folder / "site"


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site")

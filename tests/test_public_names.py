import importlib
import pkgutil
from collections import Counter

import deblur_lightning


def test_every_public_name_is_of_one_package():
    packages = [importlib.import_module(f"deblur_lightning.{one.name}") for one in subpackages()]
    homes = Counter(name for package in packages for name in getattr(package, "__all__", ()))
    assert len(homes) > 100
    assert [name for name, count in homes.items() if count > 1] == []


def subpackages():
    return [one for one in pkgutil.iter_modules(deblur_lightning.__path__) if one.ispkg]

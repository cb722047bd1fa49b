"""The files of a warehouse: on this machine's disk, or wherever Hadoop's file systems reach.

Called by the warehouse and the session. Knows folders and texts, nothing of tables.
"""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path
from typing import Any, Protocol


class Files(Protocol):
    """A tree of files; paths are relative to the warehouse, with slashes."""

    def names(self, path: str) -> list[str]:
        """Names in a folder, in order; none when it is not there."""
        ...

    def read(self, path: str) -> str:
        """A small file as text."""
        ...

    def create(self, path: str, text: str) -> bool:
        """Write a whole small file under a name that nobody has taken, at one instant; False when it is taken."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all in it; nothing when it is not there."""
        ...

    def url(self, path: str) -> str:
        """The path as Spark asks for it."""
        ...

    def lift(self, file: Path, path: str) -> str:
        """Make a file of this machine readable for Spark, at most by copying it to a path; returns what Spark asks for."""
        ...

    def bring(self, path: str, folder: Path) -> list[Path]:
        """The Parquet files of a folder that Spark wrote, on this machine."""
        ...


class LocalFiles:
    """A folder of this machine, or one that is mounted under the same path on every worker."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self, path: str) -> list[str]:
        """Names in a folder."""
        folder = self._root / path
        return sorted(found.name for found in folder.iterdir()) if folder.is_dir() else []

    def read(self, path: str) -> str:
        """A file as text."""
        return (self._root / path).read_text("utf-8")

    def create(self, path: str, text: str) -> bool:
        """Written beside, then linked: a link is made whole or not at all, and never over another file."""
        file = self._root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f".{uuid.uuid4().hex}")
        with beside.open("x", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(beside, file)
        except FileExistsError:
            return False
        finally:
            beside.unlink()
        return True

    def remove(self, path: str) -> None:
        """Remove a file or a folder."""
        found = self._root / path
        if found.is_dir():
            shutil.rmtree(found)
        else:
            found.unlink(missing_ok=True)

    def url(self, path: str) -> str:
        """A file: URL, whatever Spark's default file system is; Hadoop takes its path as it stands, without percents."""
        return f"file://{self._root / path}"

    def lift(self, file: Path, path: str) -> str:
        """Copied into the warehouse: the workers of a cluster see no other folder of this machine."""
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(file, target)
        except OSError:
            shutil.copyfile(file, target)
        return self.url(path)

    def bring(self, path: str, folder: Path) -> list[Path]:
        """Moved out of the warehouse."""
        folder.mkdir()
        found = []
        for file in sorted((self._root / path).glob("*.parquet")):
            found.append(Path(shutil.move(file, folder / file.name)))
        return found


class HadoopFiles:
    """A folder behind a URL (hdfs://, s3a://, abfss://, file:/), through the file systems that Spark brings.

    A name is taken by a rename, which is one step on HDFS; on an object store it is not, so only one writer at a time may run there.
    """

    def __init__(self, root: str, spark: Any) -> None:
        self._root = root.rstrip("/")
        self._jvm = spark._jvm
        self._conf = spark._jsc.hadoopConfiguration()

    def _path(self, path: str) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(f"{self._root}/{path}" if path else self._root)

    def _system(self, path: Any) -> Any:
        return path.getFileSystem(self._conf)

    def names(self, path: str) -> list[str]:
        """Names in a folder."""
        folder = self._path(path)
        system = self._system(folder)
        if not system.exists(folder):
            return []
        return sorted(found.getPath().getName() for found in system.listStatus(folder))

    def read(self, path: str) -> str:
        """A file as text."""
        file = self._path(path)
        stream = self._system(file).open(file)
        try:
            return str(self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
        finally:
            stream.close()

    def create(self, path: str, text: str) -> bool:
        """Written beside, then renamed; a rename onto a taken name is refused."""
        file = self._path(path)
        system = self._system(file)
        if system.exists(file):
            return False
        beside = self._path(f"{path}.{uuid.uuid4().hex}")
        stream = system.create(beside, False)
        stream.write(bytearray(text.encode()))
        stream.close()
        if system.rename(beside, file):
            return True
        system.delete(beside, False)
        return False

    def remove(self, path: str) -> None:
        """Remove a file or a folder."""
        found = self._path(path)
        self._system(found).delete(found, True)

    def url(self, path: str) -> str:
        """The URL itself."""
        return f"{self._root}/{path}"

    def lift(self, file: Path, path: str) -> str:
        """Copied into the warehouse."""
        target = self._path(path)
        self._system(target).copyFromLocalFile(False, True, self._jvm.org.apache.hadoop.fs.Path(f"file://{file}"), target)
        return self.url(path)

    def bring(self, path: str, folder: Path) -> list[Path]:
        """Copied to this machine."""
        folder.mkdir()
        found = []
        for name in self.names(path):
            if name.endswith(".parquet"):
                source, target = self._path(f"{path}/{name}"), folder / name
                self._system(source).copyToLocalFile(False, source, self._jvm.org.apache.hadoop.fs.Path(f"file://{target}"), True)
                found.append(target)
        return found

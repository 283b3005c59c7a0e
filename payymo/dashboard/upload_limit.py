"""Stops taking in an uploaded file where it becomes too large, instead of keeping it to refuse it afterwards."""

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler
from django.http import HttpRequest

from banking.parsers.assembly import MAX_BYTES


class LimitedUpload(TemporaryFileUploadHandler):
    """Keeps a file of up to 10 MiB; a larger one is read to its end, so that the browser sees the answer, and dropped.

    Django's own limits leave files out. `request.upload_too_large` says afterwards what happened.
    """

    request: HttpRequest

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a part of the file.

        Raises: SkipFile past the limit.
        """
        if start + len(raw_data) > MAX_BYTES:
            self.request.upload_too_large = True
            self.file.close()
            raise SkipFile
        super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Hand the file on, unless it was dropped."""
        return None if self.file.closed else super().file_complete(file_size)

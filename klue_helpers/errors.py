"""The one error type that a learner or reader can mend (used everywhere, taught nowhere)."""

import errno

_RETRY = "같은 명령을 다시 하세요."
# What the operating system refuses, and the way out.
_REFUSALS = {
    errno.ENOSPC: f"디스크가 가득 찼습니다{{}}. 자리를 비운 뒤 {_RETRY}",
    errno.EDQUOT: f"쓸 수 있는 디스크의 몫을 다 썼습니다{{}}. 자리를 비운 뒤 {_RETRY}",
    errno.EACCES: "읽거나 쓸 권한이 없습니다{}. 권한을 고치거나 쓸 수 있는 폴더를 고르세요.",
    errno.EPERM: "읽거나 쓸 권한이 없습니다{}. 권한을 고치거나 쓸 수 있는 폴더를 고르세요.",
    errno.EROFS: "읽기만 되는 곳에 쓰려 했습니다{}. 쓸 수 있는 폴더에서 다시 하세요.",
    errno.ENOENT: "파일이나 폴더가 없습니다{}. 이름을 확인하거나 지워진 것을 되돌려 놓으세요.",
    errno.EISDIR: "파일이 있어야 할 곳에 폴더가 있습니다{}. 그 폴더를 다른 곳으로 옮기세요.",
    errno.ENOTDIR: "폴더가 있어야 할 곳에 파일이 있습니다{}. 그 파일을 다른 곳으로 옮기세요.",
    errno.EEXIST: "만들려는 자리에 다른 것이 있습니다{}. 그것을 다른 곳으로 옮기세요.",
    errno.ENAMETOOLONG: "이름이 너무 깁니다{}. 더 짧은 이름을 쓰세요.",
}


class KlueError(ValueError):
    """A mistake in settings, data or commands, told in Korean together with the way out.

    The command line prints only the message and exits with status 2; in a notebook it is an ordinary exception.
    """


def explain_os_error(error: OSError) -> str:
    """Return what the operating system refused, the file that it refused, and the way out, in one Korean paragraph.

    For what nobody nearer to the file has explained; ``KLUE_DEBUG=1`` shows the whole error instead.
    """
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    place = f": {' → '.join(names)}" if names else ""
    if refusal := _REFUSALS.get(error.errno):
        return refusal.format(place)
    reason = " ".join(str(error.strerror or error or type(error).__name__).split())
    return f"파일이나 연결이 말을 듣지 않습니다({reason}){place}. 그 파일이나 연결을 확인한 뒤 {_RETRY}"

"""Running the command line in this process."""

from plaingrad import cli


def runner(capsys):
    """Return what runs a command; it returns exit code, output and errors."""

    def command(*words):
        capsys.readouterr()
        try:
            code = cli.main([str(word) for word in words])
        except SystemExit as stop:
            code = stop.code
        said = capsys.readouterr()
        return code, said.out, said.err

    return command

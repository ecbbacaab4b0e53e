"""Says, as one line of JSON, what this interpreter is and which modules it lacks.

Called with `find` (is it installed?) or `import` (does it load?) and the modules' names. Any Python can run it, also one that is too old.
"""

import json
import sys

seen = {"version": "%d.%d.%d" % sys.version_info[:3]}

if sys.version_info >= (3, 11):
    import importlib.metadata
    import importlib.util
    import os
    import sysconfig

    how, modules = sys.argv[1], sys.argv[2:]
    missing, versions = {}, {}
    # What a module prints as it is imported must not get into our line.
    line = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name in modules:
        try:
            if how == "import":
                importlib.import_module(name)
            elif importlib.util.find_spec(name) is None:
                missing[name] = "No module named '%s'" % name
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass  # it is called otherwise than its package
        except BaseException as error:
            missing[name] = (str(error).strip() or type(error).__name__).splitlines()[0]
    seen.update(
        python=sys.executable,
        base=getattr(sys, "_base_executable", None) or sys.executable,
        bin=sysconfig.get_path("scripts"),
        missing=missing,
        versions=versions,
    )
    line.write(json.dumps(seen) + "\n")
    line.close()
else:
    print(json.dumps(seen))

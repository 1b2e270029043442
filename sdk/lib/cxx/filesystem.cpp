/** As library.cpp, for <filesystem>: who calls a function without an error_code wants the exception, with the paths. */
#include <__filesystem/filesystem_error.h>
#include <__filesystem/path.h>

#include <string>
#include <system_error>

#include "instead-of.h"

using std::error_code;
using std::string;
using std::filesystem::filesystem_error;
using std::filesystem::path;

INSTEAD_OF(
    _ZNSt3__210filesystem24__throw_filesystem_errorB9nqn220100IJRNS_12basic_stringIcNS_11char_traitsIcEENS_9allocatorIcEEEERKNS_10error_codeEEEEvDpOT_)
(string &what, const error_code &code) { throw filesystem_error(what, code); }

INSTEAD_OF(
    _ZNSt3__210filesystem24__throw_filesystem_errorB9nqn220100IJRNS_12basic_stringIcNS_11char_traitsIcEENS_9allocatorIcEEEERKNS0_4pathERKNS_10error_codeEEEEvDpOT_)
(string &what, const path &path1, const error_code &code) { throw filesystem_error(what, path1, code); }

INSTEAD_OF(
    _ZNSt3__210filesystem24__throw_filesystem_errorB9nqn220100IJRNS_12basic_stringIcNS_11char_traitsIcEENS_9allocatorIcEEEERKNS0_4pathESB_RKNS_10error_codeEEEEvDpOT_)
(string &what, const path &path1, const path &path2, const error_code &code) { throw filesystem_error(what, path1, path2, code); }

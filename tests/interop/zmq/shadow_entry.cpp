// Loaded into sshd before its libraries: every account has the password whose hash stands in the
// environment, so that a login by password can be tested without an account of this machine.
#include <shadow.h>

#include <cstdlib>
#include <string>

extern "C" spwd* getspnam(const char* name)
{
    static std::string own;
    static spwd entry;
    own = name;
    entry = spwd();
    entry.sp_namp = own.data();
    entry.sp_pwdp = std::getenv("FERRY_SHADOW_HASH");
    entry.sp_lstchg = 20000;  // 0 would be a password that has to be changed first
    entry.sp_max = -1;
    entry.sp_inact = -1;
    entry.sp_expire = -1;
    return &entry;
}

#include "ferry/http/session_options.hpp"

namespace ferry::http {

void limits::apply_to(session_options& to) const
{
    to.limits = *this;
}

}  // namespace ferry::http

#pragma once

#include <string_view>

namespace ferry::http {

/// The registered status codes (RFC 9110 section 15 and the IANA registry), and the others that
/// requests.codes names.
namespace status {

inline constexpr int continue_ = 100;
inline constexpr int switching_protocols = 101;
inline constexpr int processing = 102;
inline constexpr int early_hints = 103;
inline constexpr int ok = 200;
inline constexpr int created = 201;
inline constexpr int accepted = 202;
inline constexpr int non_authoritative_information = 203;
inline constexpr int no_content = 204;
inline constexpr int reset_content = 205;
inline constexpr int partial_content = 206;
inline constexpr int multi_status = 207;
inline constexpr int already_reported = 208;
inline constexpr int im_used = 226;
inline constexpr int multiple_choices = 300;
inline constexpr int moved_permanently = 301;
inline constexpr int found = 302;
inline constexpr int see_other = 303;
inline constexpr int not_modified = 304;
inline constexpr int use_proxy = 305;
inline constexpr int switch_proxy = 306;
inline constexpr int temporary_redirect = 307;
inline constexpr int permanent_redirect = 308;
inline constexpr int bad_request = 400;
inline constexpr int unauthorized = 401;
inline constexpr int payment_required = 402;
inline constexpr int forbidden = 403;
inline constexpr int not_found = 404;
inline constexpr int method_not_allowed = 405;
inline constexpr int not_acceptable = 406;
inline constexpr int proxy_authentication_required = 407;
inline constexpr int request_timeout = 408;
inline constexpr int conflict = 409;
inline constexpr int gone = 410;
inline constexpr int length_required = 411;
inline constexpr int precondition_failed = 412;
inline constexpr int content_too_large = 413;
inline constexpr int uri_too_long = 414;
inline constexpr int unsupported_media_type = 415;
inline constexpr int range_not_satisfiable = 416;
inline constexpr int expectation_failed = 417;
inline constexpr int im_a_teapot = 418;
inline constexpr int misdirected_request = 421;
inline constexpr int unprocessable_content = 422;
inline constexpr int locked = 423;
inline constexpr int failed_dependency = 424;
inline constexpr int too_early = 425;
inline constexpr int upgrade_required = 426;
inline constexpr int precondition_required = 428;
inline constexpr int too_many_requests = 429;
inline constexpr int request_header_fields_too_large = 431;
inline constexpr int no_response = 444;
inline constexpr int retry_with = 449;
inline constexpr int blocked_by_windows_parental_controls = 450;
inline constexpr int unavailable_for_legal_reasons = 451;
inline constexpr int client_closed_request = 499;
inline constexpr int internal_server_error = 500;
inline constexpr int not_implemented = 501;
inline constexpr int bad_gateway = 502;
inline constexpr int service_unavailable = 503;
inline constexpr int gateway_timeout = 504;
inline constexpr int http_version_not_supported = 505;
inline constexpr int variant_also_negotiates = 506;
inline constexpr int insufficient_storage = 507;
inline constexpr int loop_detected = 508;
inline constexpr int bandwidth_limit_exceeded = 509;
inline constexpr int not_extended = 510;
inline constexpr int network_authentication_required = 511;

// The other names that requests.codes has.
inline constexpr int checkpoint = early_hints;
inline constexpr int okay = ok;
inline constexpr int non_authoritative_info = non_authoritative_information;
inline constexpr int reset = reset_content;
inline constexpr int partial = partial_content;
inline constexpr int multiple_status = multi_status;
inline constexpr int moved = moved_permanently;
inline constexpr int other = see_other;
inline constexpr int temporary = temporary_redirect;
inline constexpr int temporary_moved = temporary_redirect;
inline constexpr int resume_incomplete = permanent_redirect;
inline constexpr int resume = permanent_redirect;
inline constexpr int bad = bad_request;
inline constexpr int payment = payment_required;
inline constexpr int not_allowed = method_not_allowed;
inline constexpr int proxy_authentication = proxy_authentication_required;
inline constexpr int proxy_auth = proxy_authentication_required;
inline constexpr int timeout = request_timeout;
inline constexpr int request_entity_too_large = content_too_large;
inline constexpr int request_uri_too_large = uri_too_long;
inline constexpr int unsupported_media = unsupported_media_type;
inline constexpr int requested_range_not_satisfiable = range_not_satisfiable;
inline constexpr int requested_range = range_not_satisfiable;
inline constexpr int teapot = im_a_teapot;
inline constexpr int i_am_a_teapot = im_a_teapot;
inline constexpr int unprocessable_entity = unprocessable_content;
inline constexpr int unprocessable = unprocessable_content;
inline constexpr int dependency = failed_dependency;
inline constexpr int unordered_collection = too_early;
inline constexpr int unordered = too_early;
inline constexpr int upgrade = upgrade_required;
inline constexpr int precondition = precondition_required;
inline constexpr int too_many = too_many_requests;
inline constexpr int header_fields_too_large = request_header_fields_too_large;
inline constexpr int fields_too_large = request_header_fields_too_large;
inline constexpr int none = no_response;
inline constexpr int retry = retry_with;
inline constexpr int parental_controls = blocked_by_windows_parental_controls;
inline constexpr int legal_reasons = unavailable_for_legal_reasons;
inline constexpr int server_error = internal_server_error;
inline constexpr int unavailable = service_unavailable;
inline constexpr int http_version = http_version_not_supported;
inline constexpr int bandwidth = bandwidth_limit_exceeded;
inline constexpr int network_authentication = network_authentication_required;
inline constexpr int network_auth = network_authentication_required;

}  // namespace status

/// The registered reason phrase, `Not Found` for 404; empty for a number that is not registered.
std::string_view reason_of(int status) noexcept;

constexpr bool is_informational(int status) noexcept
{
    return status / 100 == 1;
}
constexpr bool is_success(int status) noexcept
{
    return status / 100 == 2;
}
constexpr bool is_client_error(int status) noexcept
{
    return status / 100 == 4;
}
constexpr bool is_server_error(int status) noexcept
{
    return status / 100 == 5;
}

/// The statuses that a client follows when a Location comes with them: 301, 302, 303, 307, 308.
constexpr bool is_redirect(int status) noexcept
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

/// A response of this status has no body, whatever its headers say (RFC 9112 section 6.3).
constexpr bool is_bodiless(int status) noexcept
{
    return is_informational(status) || status == 204 || status == 304;
}

}  // namespace ferry::http

#include "ferry/tasks/result.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <ios>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>

namespace ferry::tasks {
namespace {

template <class E>
bool is(const std::exception& e) noexcept
{
    return dynamic_cast<const E*>(&e) != nullptr;
}

template <class E>
bool is_exactly(const std::exception& e) noexcept
{
    return typeid(e) == typeid(E);
}

struct python_name {
    const char* type;
    bool (*means)(const std::exception&) noexcept;
};

// The first that fits. The general types of the library stand for themselves only: a class derived
// from them has a name of its own that says more.
constexpr std::array python_names = {
    python_name{"TimeoutError", is<timeout_error>},
    python_name{"ConnectionError", is<connection_error>},
    python_name{"TypeError", is<type_error>},
    python_name{"OverflowError", is<range_error>},
    python_name{"ValueError", is<parse_error>},
    python_name{"KeyError", is<lookup_error>},
    python_name{"MemoryError", is<std::bad_alloc>},
    python_name{"OSError", is<std::filesystem::filesystem_error>},
    python_name{"OSError", is_exactly<std::system_error>},
    python_name{"OSError", is_exactly<std::ios_base::failure>},
    python_name{"TypeError", is_exactly<std::bad_cast>},
    python_name{"ValueError", is_exactly<std::invalid_argument>},
    python_name{"ValueError", is_exactly<std::domain_error>},
    python_name{"ValueError", is_exactly<std::length_error>},
    python_name{"IndexError", is_exactly<std::out_of_range>},
    python_name{"OverflowError", is_exactly<std::overflow_error>},
    python_name{"ArithmeticError", is_exactly<std::underflow_error>},
    python_name{"ValueError", is_exactly<std::range_error>},
    python_name{"RuntimeError", is_exactly<std::runtime_error>},
    python_name{"RuntimeError", is_exactly<std::logic_error>},
    python_name{"RuntimeError", is_exactly<error>},
    python_name{"Exception", is_exactly<std::exception>},
};

value named(std::string_view type, std::string_view module, std::string_view message)
{
    return value::object("exc_type", type, "exc_message", value::array(message), "exc_module",
                         module.empty() ? value{} : value{module});
}

/// `shop::errors::sold_out` is `sold_out` of the module `shop.errors`.
value by_type_name(const std::type_info& type, std::string_view message)
{
    const std::unique_ptr<char, decltype(&std::free)> demangled{
        abi::__cxa_demangle(type.name(), nullptr, nullptr, nullptr), &std::free};
    std::string name = demangled ? demangled.get() : type.name();
    // The arguments of a template may hold names of their own.
    const std::size_t at = name.substr(0, name.find('<')).rfind("::");
    if (at == std::string::npos) return named(name, {}, message);
    std::string module = name.substr(0, at);
    for (std::size_t i = module.find("::"); i != std::string::npos; i = module.find("::", i)) {
        module.replace(i, 2, ".");
    }
    return named(name.substr(at + 2), module, message);
}

value of_exception(const std::exception& e)
{
    if (const auto* from_task = dynamic_cast<const task_error*>(&e)) {
        if (!from_task->exc_type().empty()) {
            return named(from_task->exc_type(), from_task->exc_module(), from_task->message());
        }
    }
    const auto* found =
        std::ranges::find_if(python_names, [&e](const python_name& n) { return n.means(e); });
    if (found != python_names.end()) return named(found->type, "builtins", e.what());
    return by_type_name(typeid(e), e.what());
}

}  // namespace

value exception_to_value(const std::exception_ptr& failure)
{
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& e) {
        return of_exception(e);
    } catch (const interrupt& i) {
        return by_type_name(typeid(i), i.what());
    } catch (...) {
        return named("Exception", "builtins", "unknown exception");
    }
}

}  // namespace ferry::tasks

#include "ferry/formats/detail/pickle_machine.hpp"
#include "ferry/formats/detail/pickle_opcode.hpp"

namespace ferry::pickle::detail {

bool machine::execute_object(std::uint8_t opcode)
{
    switch (opcode) {
        case op::global: {
            const std::string_view module = line();
            global(module, line());
            return true;
        }
        case op::stack_global: stack_global(); return true;
        case op::inst: {
            const std::string_view module = line();
            const std::string_view name = line();
            const auto items = since_mark();
            const node_id args = nodes_.add_container(node_kind::tuple, items);
            drop(items.size());
            global(module, name);
            const node_id callable = pop();
            object(construction::call, callable, args);
            return true;
        }
        case op::obj: {
            const auto items = since_mark();
            if (items.empty()) fail(errc::bad_stack, "a class is missing on the stack");
            const node_id callable = items[0];
            const node_id args = nodes_.add_container(node_kind::tuple, items.subspan(1));
            drop(items.size());
            object(construction::call, callable, args);
            return true;
        }
        case op::reduce: reduce(); return true;
        case op::newobj: new_object(false); return true;
        case op::newobj_ex: new_object(true); return true;
        case op::build: build(); return true;
        case op::ext1: extension(u8()); return true;
        case op::ext2: extension(little<std::uint16_t>()); return true;
        case op::ext4: extension(little<std::int32_t>()); return true;
        case op::persid: {
            text(line());
            persistent(pop());
            return true;
        }
        case op::binpersid: persistent(pop()); return true;
        default: return false;
    }
}

void machine::global(std::string_view module, std::string_view name)
{
    if (check_text(module) != text_state::utf8 || check_text(name) != text_state::utf8) {
        fail(errc::bad_utf8, "a name is not UTF-8");
    }
    if (made_.protocol < 3) std::tie(module, name) = python3_name(module, name);
    const auto [known, added] = made_.globals.try_emplace({module, name}, no_node);
    if (added) {
        if (options_.strict_ && !is_known(module, name) &&
            !options_.allowed_.contains({std::string{module}, std::string{name}})) {
            fail(errc::forbidden_global,
                 std::string{module} + "." + std::string{name} + " is not allowed");
        }
        const node_id names[2] = {nodes_.add_text(node_kind::string, module),
                                  nodes_.add_text(node_kind::string, name)};
        known->second = nodes_.add_container(node_kind::global, names);
    }
    push(known->second);
}

void machine::stack_global()
{
    const node_id name = pop();
    const node_id module = pop();
    if (nodes_[name].kind != node_kind::string || nodes_[module].kind != node_kind::string) {
        fail(errc::bad_argument, "a name is no text");
    }
    global(nodes_.text(module), nodes_.text(name));
}

void machine::extension(std::int64_t code)
{
    if (code <= 0) fail(errc::bad_argument, "an extension's number is not above 0");
    if (options_.strict_) fail(errc::forbidden_global, "an extension is not allowed");
    integer(code);
    const node_id number = pop();
    raw_node made;
    made.kind = node_kind::extension;
    made.integer = number;
    push(nodes_.add(made));
}

void machine::persistent(node_id id)
{
    if (options_.strict_) fail(errc::forbidden_global, "a persistent object is not allowed");
    raw_node made;
    made.kind = node_kind::persistent;
    made.integer = id;
    push(nodes_.add(made));
}

void machine::object(construction how, node_id callable, node_id args, node_id kwargs)
{
    const node_kind kind = nodes_[callable].kind;
    if (kind < node_kind::global) fail(errc::bad_argument, "this cannot be called");
    if (nodes_[args].kind != node_kind::tuple) fail(errc::bad_argument, "arguments are no tuple");
    if (kwargs != no_node && nodes_[kwargs].kind != node_kind::dict) {
        fail(errc::bad_argument, "keyword arguments are no dictionary");
    }
    object_data data;
    data.callable = callable;
    data.args = args;
    data.kwargs = kwargs;
    data.how = how;
    raw_node made;
    made.kind = node_kind::object;
    made.integer = static_cast<std::int64_t>(made_.objects.size());
    made_.objects.push_back(data);
    push(nodes_.add(made));
}

void machine::reduce()
{
    const node_id args = pop();
    const node_id callable = pop();
    if (made_.is_global(callable, "builtins", "getattr") && nodes_[args].kind == node_kind::tuple &&
        nodes_[args].size == 2) {
        const auto parts = nodes_.items(args);
        const node_kind owner = nodes_[parts[0]].kind;
        if (nodes_[parts[1]].kind == node_kind::string &&
            (owner == node_kind::global || owner == node_kind::member)) {
            return push(nodes_.add_container(node_kind::member, parts));
        }
    }
    object(construction::call, callable, args);
}

void machine::new_object(bool with_kwargs)
{
    const node_id kwargs = with_kwargs ? pop() : no_node;
    if (with_kwargs && nodes_[kwargs].kind != node_kind::dict) {
        fail(errc::bad_argument, "keyword arguments are no dictionary");
    }
    const node_id args = pop();
    const node_id callable = pop();
    object(construction::new_object, callable, args, kwargs);
}

void machine::build()
{
    const node_id state = pop();
    const node_id to = top();
    if (nodes_[to].kind != node_kind::object) fail(errc::bad_argument, "this can have no state");
    nodes_.append(part(object_at(to).states, node_kind::list), {&state, 1});
}

}  // namespace ferry::pickle::detail

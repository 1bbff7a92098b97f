#pragma once

#include <CLI/CLI.hpp>

#include <string>

/// The verbs of `ferry amqp` that are more than one call of the broker. Each reads its arguments
/// and does its work; it returns the exit code.
namespace ferry::command::amqp_actions {

constexpr auto default_url = "amqp://127.0.0.1/";

/// The option -u, which all verbs have.
void add_url(CLI::App& to, std::string& url);

/// apply FILE: declares what a file says; diff FILE: tells what of it the broker does not have.
int run_topology(CLI::App& options, int argc, char** argv);
/// Prints what the management plugin knows of queues, exchanges, bindings...
int run_list(CLI::App& options, int argc, char** argv);
/// Measures publishing, consuming and calling.
int run_bench(CLI::App& options, int argc, char** argv);
/// Answers each request of a queue with its own body.
int run_serve_echo(CLI::App& options, int argc, char** argv);

}  // namespace ferry::command::amqp_actions

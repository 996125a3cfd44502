// SPDX-License-Identifier: MIT
#include "node/commands.hpp"

int main(int argc, char** argv) { return weft::node::run_command_line(argc, argv); }

//! What can be typed: the commands, in the order `--help` lists them.

use clap::{Parser, Subcommand};

use crate::{command, failure::Result};

/// A marketplace and runtime for AI agents.
#[derive(Debug, Parser)]
#[command(name = "frameos", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    // For developers of agents.
    /// Make a new agent to start from
    Init(command::init::Init),
    /// Check an agent's manifest and bundle
    Validate(command::validate::Validate),
    /// Look for code that the platform rejects or flags
    Scan(command::scan::Scan),
    /// Make the tar.gz that is published
    Pack(command::pack::Pack),
    /// Run an agent here, in the same sandbox and limits as on the platform
    Run(command::run::Run),
    /// Publish an agent, or a new version of it
    Publish(command::publish::Publish),
    /// Show what you were paid, and one payout's statement
    Payouts(command::payouts::Payouts),

    // Accounts.
    /// Create an account
    Register(command::register::Register),
    /// Log in and keep the login for later commands
    Login(command::login::Login),
    /// End a saved login
    Logout(command::logout::Logout),
    /// List, make and revoke personal access tokens, for programs
    #[command(subcommand)]
    Tokens(command::tokens::Tokens),

    // For users of agents.
    /// List and search the marketplace
    Agents(command::agents::Agents),
    /// Show one agent: price, inputs, outputs
    Agent(command::agent::Agent),
    /// Configure an agent for yourself
    Deploy(command::deploy::Deploy),
    /// Run a deployed agent
    Execute(command::execute::Execute),
    /// List your runs
    Executions(command::executions::Executions),
    /// Show one run
    Execution(command::execution::Execution),
    /// Cancel a run that has not ended
    Cancel(command::cancel::Cancel),
    /// Print what a run wrote to stdout and stderr
    Logs(command::logs::Logs),
    /// Fetch and verify receipts of runs
    #[command(subcommand)]
    Receipt(command::receipt::Receipt),
    /// Fetch and verify mandates of paid runs, as AP2 writes them
    #[command(subcommand)]
    Mandate(command::mandate::Mandate),
    /// Show your balance and its changes
    Wallet(command::wallet::Wallet),
    /// Add money to your wallet
    TopUp(command::top_up::TopUp),

    // For whoever runs the platform.
    /// Review what developers submit
    #[command(subcommand)]
    Admin(command::admin::Admin),
    /// Run the platform: API, worker and payment gateway in one process
    Serve(command::serve::Serve),
    /// Run a worker only, or show how the workers are doing
    Worker(command::worker::Worker),
    /// Run the payment gateway only
    Gateway(command::gateway::Gateway),
    /// Bring the database to this version's schema
    Migrate(command::migrate::Migrate),
    /// Print the effective configuration, secrets hidden
    Config(command::config::Show),
    /// Build the runtimes agents run in
    #[command(subcommand)]
    Runtime(command::runtime::Runtime),
    /// List and rotate the keys that sign mandates and receipts
    #[command(subcommand)]
    Keys(command::keys::Keys),
    /// Check the ledger's books
    #[command(subcommand)]
    Ledger(command::ledger::Ledger),
    /// Copy the whole installation into a folder, while it works
    Backup(command::backup::Backup),
    /// Put a backup back, into an empty installation
    Restore(command::backup::Restore),
    /// Check machine, files and services, and say what to do
    Doctor(command::doctor::Doctor),
    /// Tell whether this machine can isolate agents
    #[command(subcommand)]
    Sandbox(command::sandbox::Sandbox),
}

impl Cli {
    pub async fn run(self) -> Result<()> {
        match self.command {
            Command::Init(args) => command::init::run(&args),
            Command::Validate(args) => command::validate::run(&args),
            Command::Scan(args) => command::scan::run(&args),
            Command::Pack(args) => command::pack::run(&args),
            Command::Run(args) => command::run::run(&args).await,
            Command::Publish(args) => command::publish::run(&args).await,
            Command::Register(args) => command::register::run(&args).await,
            Command::Login(args) => command::login::run(&args).await,
            Command::Logout(args) => command::logout::run(&args).await,
            Command::Tokens(command) => command::tokens::run(&command).await,
            Command::Agents(args) => command::agents::run(&args).await,
            Command::Agent(args) => command::agent::run(&args).await,
            Command::Deploy(args) => command::deploy::run(&args).await,
            Command::Execute(args) => command::execute::run(&args).await,
            Command::Executions(args) => command::executions::run(&args).await,
            Command::Execution(args) => command::execution::run(&args).await,
            Command::Cancel(args) => command::cancel::run(&args).await,
            Command::Logs(args) => command::logs::run(&args).await,
            Command::Receipt(command) => command::receipt::run(&command).await,
            Command::Mandate(args) => command::mandate::run(&args).await,
            Command::Wallet(args) => command::wallet::run(&args).await,
            Command::TopUp(args) => command::top_up::run(&args).await,
            Command::Payouts(args) => command::payouts::run(&args).await,
            Command::Admin(command) => command::admin::run(&command).await,
            Command::Serve(args) => command::serve::run(&args).await,
            Command::Worker(args) => Box::pin(command::worker::run(&args)).await,
            Command::Gateway(args) => command::gateway::run(&args).await,
            Command::Migrate(args) => command::migrate::run(&args).await,
            Command::Config(args) => command::config::run(&args),
            Command::Runtime(command) => command::runtime::run(&command),
            Command::Keys(command) => command::keys::run(&command).await,
            Command::Ledger(command) => command::ledger::run(&command).await,
            Command::Backup(args) => Box::pin(command::backup::backup(&args)).await,
            Command::Restore(args) => Box::pin(command::backup::restore(&args)).await,
            Command::Doctor(command) => command::doctor::run(&command).await,
            Command::Sandbox(command) => command::sandbox::run(&command).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn no_two_arguments_of_a_command_clash() {
        Cli::command().debug_assert();
    }
}

//! Looking at what is there, and what a dashboard does.

use super::customer_body::customer_node;
use super::ids::{CustomerId, OrderId, OrgId};
use super::order_body::order_node;
use super::refusal::Refusal;
use super::seed::Plan;
use super::state::{State, Subscription, Token};
use super::style::{BodyStyle, KeySet};
use super::text::Node;

/// Cheap to clone; every clone is the same Haravan.
pub type Simulator = crate::sim::Simulator<State>;

impl Simulator {
    /// Every subscription so far, deleted ones included.
    pub fn subscriptions(&self) -> Vec<Subscription> {
        self.state().subscriptions.values().cloned().collect()
    }

    /// Whether deliveries go to this app for this shop.
    pub fn is_subscribed(&self, org: OrgId, client_id: &str) -> bool {
        let state = self.state();
        let found = state.subscriptions.get(&(org, client_id.to_owned()));
        found.is_some_and(|subscription| subscription.deleted.is_none())
    }

    /// An access token of 64 hexadecimal digits that does not expire, as an installation would give.
    pub fn grant_token(&self, org: OrgId, client_id: &str, scopes: &[&str]) -> Result<String, Refusal> {
        let mut state = self.state();
        state.org(Some(org))?;
        let client_id = state.app(client_id)?.client_id.clone();
        let token = state.generator.hex(64);
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        state.tokens.insert(token.clone(), Token::installed(client_id, org, scopes));
        Ok(token)
    }

    /// Makes a token dead: REST answers it 401.
    pub fn revoke_token(&self, token: &str) {
        self.state().tokens.remove(token);
    }

    /// The shop buys another plan: `users.json` works on Plus only (haravan.md §5.7).
    pub fn set_plan(&self, org: OrgId, plan: Plan) {
        if let Some(shop) = self.state().shops.get_mut(&org) {
            shop.facts.plan = plan;
        }
    }

    /// The order as REST gives it now.
    pub fn order(&self, id: OrderId) -> Option<serde_json::Value> {
        let state = self.state();
        let order = state.shops.values().find_map(|shop| shop.orders.get(&id.0))?;
        parsed(&order_node(order, KeySet::Rest))
    }

    /// The customer as REST gives it now.
    pub fn customer(&self, id: CustomerId) -> Option<serde_json::Value> {
        let state = self.state();
        let customer = state.shops.values().find_map(|shop| shop.customers.get(&id.0))?;
        parsed(&customer_node(customer, KeySet::Rest))
    }

    /// The ids of a shop's orders, oldest first.
    pub fn order_ids(&self, org: OrgId) -> Vec<OrderId> {
        let state = self.state();
        state.shops.get(&org).into_iter().flat_map(|shop| shop.orders.keys()).map(|id| OrderId(*id)).collect()
    }

    /// The ids of a shop's customers, oldest first.
    pub fn customer_ids(&self, org: OrgId) -> Vec<CustomerId> {
        let state = self.state();
        let customers = state.shops.get(&org).into_iter().flat_map(|shop| shop.customers.keys());
        customers.map(|id| CustomerId(*id)).collect()
    }
}

fn parsed(node: &Node) -> Option<serde_json::Value> {
    serde_json::from_str(&node.text(&BodyStyle::rest())).ok()
}

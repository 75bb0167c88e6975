//! Large clusters.

use palisade::resource::ResourceSet;

use crate::api_server::ApiServer;
use crate::many::policies;
use crate::read_from;

#[test]
fn every_object_of_a_long_list_is_there_once() {
    let cluster = read_from(&ApiServer::but("v3", policies(100_000, 0))).unwrap();
    let set = ResourceSet::read(&cluster.given.inputs);
    let named = set.iter().filter(|r| r.key.name.starts_with("policy-"));
    assert_eq!(named.count(), 100_000);
}

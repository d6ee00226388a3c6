"""Checks what SAM makes of template.yaml, and writes the roles' policies as JSON files for a policy linter.

Usage: templates.py DIRECTORY, with AWS_DEFAULT_REGION set and SAM's translator installed.
"""

import json
import re
import sys
from pathlib import Path

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    def load(self):
        return {}


# What other stacks and secrets give, as it looks once they are there.
ACCOUNT = "arn:aws:{}:ap-southeast-1:111122223333:"
PARAMETERS = {
    "KeyRingSecretArn": ACCOUNT.format("secretsmanager") + "secret:haravan-connect/key-ring-AbCdEf",
    "ProviderAppsSecretArn": ACCOUNT.format("secretsmanager") + "secret:haravan-connect/apps-AbCdEf",
    "SecretsKmsKeyArn": ACCOUNT.format("kms") + "key/00000000-0000-0000-0000-000000000000",
}
ATTRIBUTES = {
    "AWS::Logs::LogGroup": ACCOUNT.format("logs") + "log-group:{}:*",
    "AWS::Lambda::Function": ACCOUNT.format("lambda") + "function:{}",
    "AWS::SQS::Queue": ACCOUNT.format("sqs") + "{}",
}


def with_code_elsewhere(template):
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    return template


def check_addresses(resources):
    """Without both permissions, every request to an address would be refused (since October 2025)."""
    addresses = {name: resource for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Url"}
    assert len(addresses) == 6, f"the addresses are {sorted(addresses)}"
    permissions = [it["Properties"] for it in resources.values() if it["Type"] == "AWS::Lambda::Permission"]
    for name, address in addresses.items():
        function = name.removesuffix("Url")
        alias = f"{function}Aliaslive"
        leads_to = {"Ref": alias if alias in resources else function}
        assert address["Properties"]["TargetFunctionArn"] == leads_to, f"{name} does not lead to {leads_to}"
        public = {"FunctionName": leads_to, "Principal": "*"}
        for wanted in (
            public | {"Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
            public | {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
        ):
            assert wanted in permissions, f"SAM does not make {wanted}"
    assert len(permissions) == 2 * len(addresses), f"SAM makes more than the addresses need: {permissions}"


def check_rollout(resources):
    """A new version of the front door takes over by the parameter, and both alarms take it back."""
    update = resources["WebhookAliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    group = resources[update["DeploymentGroupName"]["Ref"]]["Properties"]
    rollout = group["DeploymentConfigName"]
    assert rollout == {"Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": "AllAtOnce"}]}, rollout
    assert len(group["AlarmConfiguration"]["Alarms"]) == 2 and group["AlarmConfiguration"]["Enabled"]
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


def resolved(value, resources):
    """A policy's value with the parts that CloudFormation fills in."""
    if isinstance(value, list):
        return [resolved(it, resources) for it in value if it != {"Ref": "AWS::NoValue"}]
    if not isinstance(value, dict):
        return value
    match value:
        case {"Ref": name}:
            return PARAMETERS[name]
        case {"Fn::If": [_, granted, _]}:
            return resolved(granted, resources)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: attribute(found[1].split("."), resources), text)
        case {"Fn::GetAtt": list(parts)}:
            return attribute([word for part in parts for word in part.split(".")], resources)
    return {name: resolved(it, resources) for name, it in value.items()}


def attribute(parts, resources):
    match parts:
        case ["Tables", "Outputs", output]:
            table = ACCOUNT.format("dynamodb") + "table/"
            if output.endswith("StreamArn"):
                return table + output.removesuffix("StreamArn") + "/stream/label"
            return table + output.removesuffix("Arn")
        case [name, "Arn"]:
            return ATTRIBUTES[resources[name]["Type"]].format(name)
    raise KeyError(parts)


def main(directory):
    template = with_code_elsewhere(yaml_parse(Path("template.yaml").read_text()))
    made = transform(template, {"WebhookRollout": "AllAtOnce"}, NoManagedPolicies())["Resources"]
    check_addresses(made)
    check_rollout(made)
    directory.mkdir(parents=True, exist_ok=True)
    roles = [(name, it) for name, it in made.items() if it["Type"] == "AWS::IAM::Role"]
    for name, role in roles:
        for policy in role["Properties"].get("Policies", []):
            path = directory / f"{name}-{policy['PolicyName']}.json"
            # SAM's own leave the version out.
            document = {"Version": "2012-10-17"} | resolved(policy["PolicyDocument"], made)
            path.write_text(json.dumps(document, indent=2))
    print(f"policies of {len(roles)} roles written")


main(Path(sys.argv[1]))
